/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, patienceMs = 30_000): Promise<void> {
  for (const end = Date.now() + patienceMs; !(await holds()); await pause(5)) {
    if (Date.now() > end) throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
  }
}

/** Waits for real. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
