import type { Atom } from "./atoms";
import { CLAUSE_END, SENTENCE_END } from "./text";

/** Columns of a subtitle's line: what players show in one line, and eyes read in one go. */
export const LINE_WIDTH = 42;
/** Lines of a subtitle. */
export const MAX_LINES = 2;
/** Columns by which a line may be longer where the break then comes after a comma or a full stop. */
const CLAUSE_BONUS = 6;

/** Columns that atoms take in one line. */
export function lineWidth(atoms: readonly Atom[]): number {
  return atoms.reduce(
    (width, { width: own, glue }, index) => width + own + (index === 0 ? 0 : glue.length),
    0,
  );
}

/** Whether the atoms fit a subtitle. */
export function fits(atoms: readonly Atom[]): boolean {
  return filled(atoms).length <= MAX_LINES;
}

/**
 * The lines of a subtitle: one or two, of about the same length, where the text allows it without
 * cutting words; else as many as it takes.
 */
export function fold(atoms: readonly Atom[]): string[] {
  const lines = filled(atoms);
  return (lines.length === 2 ? halves(atoms) : lines).map(textOf);
}

function filled(atoms: readonly Atom[]): Atom[][] {
  const lines: Atom[][] = [];
  let width = Infinity;
  for (const atom of atoms) {
    const line = lines.at(-1);
    width += atom.glue.length + atom.width;
    if (line !== undefined && width <= LINE_WIDTH) line.push(atom);
    else {
      lines.push([atom]);
      width = atom.width;
    }
  }
  return lines;
}

function halves(atoms: readonly Atom[]): (readonly Atom[])[] {
  const whole = lineWidth(atoms);
  let left = 0;
  let best = { at: 1, cost: Infinity };
  for (const [index, atom] of atoms.entries()) {
    const longer = Math.max(left, whole - left - atom.glue.length);
    const isWelcome = longer <= LINE_WIDTH && endsClause(atoms[index - 1]);
    const cost = longer - (isWelcome ? CLAUSE_BONUS : 0);
    if (index > 0 && cost < best.cost) best = { at: index, cost };
    left += atom.width + (index === 0 ? 0 : atom.glue.length);
  }
  return [atoms.slice(0, best.at), atoms.slice(best.at)];
}

function endsClause(atom: Atom | undefined): boolean {
  return atom !== undefined && (CLAUSE_END.test(atom.text) || SENTENCE_END.test(atom.text));
}

function textOf(atoms: readonly Atom[]): string {
  return atoms.map(({ text, glue }, index) => (index === 0 ? text : glue + text)).join("");
}
