// A made-up SDK, such as hindcast does not know: one class, a retry loop of its own, streams of JSON lines.

export class AcmeError extends Error {
  constructor(status, code, headers, message) {
    super(message);
    this.name = 'AcmeError';
    Object.assign(this, { status, code, headers });
  }
}

class AcmeStream {
  #response;

  constructor(response) {
    this.#response = response;
  }

  async *[Symbol.asyncIterator]() {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of this.#response.body) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const chunk = JSON.parse(line);
        if (chunk.fault) throw new AcmeError(undefined, chunk.fault, undefined, chunk.said);
        yield chunk;
      }
    }
  }
}

export class Acme {
  constructor({ baseURL = 'https://api.acme.example', maxRetries = 2 } = {}) {
    Object.assign(this, { baseURL, maxRetries });
  }

  /** Answers `{ prompt, results }`; with `stream: true`, an AcmeStream. */
  async generate(body, { signal } = {}) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal };
    for (let attempt = 0; ; attempt++) {
      const response = await this.send(`${this.baseURL}/v2/generate`, init);
      if (response.ok) return body.stream ? new AcmeStream(response) : response.json();
      const said = await response.json().catch(() => ({}));
      if (response.status >= 500 && attempt < this.maxRetries) continue;
      throw new AcmeError(response.status, said.fault, response.headers, said.said);
    }
  }

  send(url, init) {
    return fetch(url, init);
  }
}
