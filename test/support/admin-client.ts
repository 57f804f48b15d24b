import assert from 'node:assert/strict';

/** Any JSON, looked into by name: what is not there reads as undefined, and assertions compare the leaves. */
export type Json = { readonly [name: string]: Json } | undefined;

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** Calls to the Admin API as a script would make them. */
export class AdminClient {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }

  get(path: string): Promise<AdminAnswer> {
    return this.send('GET', path);
  }

  json(method: string, path: string, body: unknown): Promise<AdminAnswer> {
    return this.send(method, path, JSON.stringify(body), 'application/json');
  }

  form(method: string, path: string, fields: readonly (readonly [string, string])[]): Promise<AdminAnswer> {
    const body = fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
    return this.send(method, path, body, 'application/x-www-form-urlencoded');
  }

  async send(method: string, path: string, body?: string, contentType?: string): Promise<AdminAnswer> {
    const answer = await fetch(this.url + path, {
      method,
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { headers: { 'content-type': contentType } }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : (JSON.parse(text) as Json),
    };
  }

  /** For set-up: anything but 2xx fails the test with the answer. */
  async must(method: string, path: string, body?: unknown): Promise<AdminAnswer['body']> {
    const answer = body === undefined ? await this.send(method, path) : await this.json(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
