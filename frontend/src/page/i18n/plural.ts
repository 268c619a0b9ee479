/** The forms that a language's dictionary must give: `other` for all that is not listed. */
export type Forms<Category extends Intl.LDMLPluralRule> = Record<Category | "other", string>;

/**
 * Chooses a word by number, as the language does. In a form, `#` stands for the number.
 * `Category` lists the forms that the language has besides `other`.
 */
export function plurals<Category extends Intl.LDMLPluralRule>(
  language: string,
): (count: number, forms: Forms<Category>) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => {
    const chosen: Partial<Record<Intl.LDMLPluralRule, string>> = forms;
    return (chosen[rules.select(count)] ?? forms.other).replace("#", numbers.format(count));
  };
}
