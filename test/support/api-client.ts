import { assertInDocument } from './conformance.js';

/** One answer of the HTTP API. */
export interface ApiAnswer<T = Record<string, never>> {
  status: number;
  headers: Headers;
  body: T;
  /** As it came, for tests that search it. */
  text: string;
}

/** A client of the HTTP API with one bearer token; it throws for no status, but for what the document does not tell. */
export class ApiClient {
  constructor(
    readonly baseUrl: string,
    private readonly token: string,
  ) {}

  /** The same caller at another address. */
  at(baseUrl: string): ApiClient {
    return new ApiClient(baseUrl, this.token);
  }

  get<T = never>(path: string): Promise<ApiAnswer<T>> {
    return this.send('GET', path);
  }

  post<T = never>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer<T>> {
    return this.send('POST', path, body, headers);
  }

  put<T = never>(path: string, body: unknown): Promise<ApiAnswer<T>> {
    return this.send('PUT', path, body);
  }

  patch<T = never>(path: string, body: unknown): Promise<ApiAnswer<T>> {
    return this.send('PATCH', path, body);
  }

  delete<T = never>(path: string, body?: unknown): Promise<ApiAnswer<T>> {
    return this.send('DELETE', path, body);
  }

  /** Creates an organization with an admin client; the new organization's own client. */
  async createOrganization(name: string): Promise<{ id: string; api: ApiClient }> {
    const answer = await this.post<{ id: string; api_key: string }>('/api/v1/organizations', { name });
    if (answer.status !== 201) throw new Error(`no organization: ${answer.text}`);
    return { id: answer.body.id, api: new ApiClient(this.baseUrl, answer.body.api_key) };
  }

  private async send<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<T>> {
    const answer = await fetch(this.baseUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assertInDocument({ method, path, status: answer.status, headers: answer.headers, text });
    return { status: answer.status, headers: answer.headers, body: (text ? JSON.parse(text) : {}) as T, text };
  }
}
