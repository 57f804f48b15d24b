/** Arguments of a query string, in order. */
export class Query {
  readonly #pairs: readonly (readonly [string, string])[];

  constructor(pairs: readonly (readonly [string, string])[]) {
    this.#pairs = pairs;
  }

  get names(): readonly string[] {
    return [...new Set(this.#pairs.map(([name]) => name))];
  }

  /** Every value of the name; empty when it was not sent. */
  all(name: string): readonly string[] {
    return this.#pairs.filter(([other]) => other === name).map(([, value]) => value);
  }

  /** The value, or undefined when the name was not sent or sent more than once. */
  one(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 1 ? values[0] : undefined;
  }

  has(name: string): boolean {
    return this.#pairs.some(([other]) => other === name);
  }
}
