/** What the parts of the settings are built from. */
export interface SettingsInput {
  /** Text of the setting of that name, or of its default. */
  text(name: string): string | undefined;
  /** Whether somebody set it. */
  given(name: string): boolean;
  /** Relative paths start there. */
  readonly cwd: string;
  readonly faults: string[];
  readonly warnings: string[];
}

/** Whether the text of a switch means on. */
export function isOn(text: string | undefined): boolean {
  return /^(on|true)$/i.test(text ?? '');
}
