/** How the text of a setting is read. */
export type SettingKind =
  | 'text'
  | 'boolean'
  | 'integer'
  | 'number'
  /** Bytes in nginx's form, within min and max. */
  | 'size'
  /** A time in nginx's form; min and max are milliseconds. */
  | 'time'
  | 'choice'
  | 'list'
  | 'path'
  | 'log'
  | 'listeners'
  | 'certificate'
  | 'addresses'
  | 'workers';

/** One name of `kong.conf`, or one of ours. */
export interface KnownSetting {
  readonly name: string;
  readonly kind: SettingKind;
  /** Text of the default; undefined when the setting is unset by default. */
  readonly default: string | undefined;
  /** What it does, for the reference page and for faults. */
  readonly meaning: string;
  /** False: known, so that existing files start, but another value than the default only earns a warning. */
  readonly honoured: boolean;
  /** A new value takes effect when settings are read again; else it needs a restart. */
  readonly live: boolean;
  /** Exists under `SALLYPORT_*` and in the file only. */
  readonly own: boolean;
  /** Its value is never printed. */
  readonly secret: boolean;
  /** Belongs to a part that Sallyport does not have and will not get. */
  readonly withoutMeaning: boolean;
  /** Accepted words of a `choice`. */
  readonly choices: readonly string[];
  /** Values beside the default that this version already behaves like, so that they need no warning. */
  readonly harmless: readonly string[];
  /** Bounds of numbers, inclusive. */
  readonly min: number;
  readonly max: number;
}

type Traits = Partial<Omit<KnownSetting, 'name' | 'kind' | 'default' | 'meaning'>>;

/** One row of the catalogue. */
export function setting(
  name: string,
  kind: SettingKind,
  defaultText: string | undefined,
  meaning: string,
  traits: Traits = {},
): KnownSetting {
  return {
    name,
    kind,
    default: defaultText,
    meaning,
    honoured: false,
    live: false,
    own: false,
    secret: false,
    withoutMeaning: false,
    choices: [],
    harmless: [],
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    ...traits,
  };
}
