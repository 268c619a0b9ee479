import { useEffect, useState, useSyncExternalStore } from "react";
import { HealthMonitor, type HealthState } from "./healthMonitor";

/** The transcription service at `apiUrl`, asked once when the page opens. */
export function useHealth(apiUrl: string | null): { monitor: HealthMonitor; state: HealthState } {
  const [monitor] = useState(() => new HealthMonitor(apiUrl));
  useEffect(() => {
    // `limits`, since StrictMode runs this twice.
    void monitor.limits();
  }, [monitor]);
  return { monitor, state: useSyncExternalStore(monitor.subscribe, monitor.state) };
}
