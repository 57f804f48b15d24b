/**
 * A caller's function threw where nothing may. It is a fault of ours, never of the message, so
 * the process says so and goes on.
 */
export function reportFault(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
}
