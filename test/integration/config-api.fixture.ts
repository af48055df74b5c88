import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource } from 'typeorm';
import {
  ConfigApiModule,
  configureHttp,
  createFastifyAdapter,
  prepareDatabase,
  type ConfigApiPorts,
} from '#apps/config-api';
import { FakeProviderServer } from '#apps/fake-provider';
import { Catalogue } from '#libs/catalogue';
import { keyChangedSchema, topics, type KeyChanged } from '#libs/contracts';
import { cryptoReady, MemoryKekProvider } from '#libs/crypto';
import { createDataSource } from '#libs/keystore';
import { MemoryEventBus } from '#libs/messaging';
import { createLogger, NestLogger } from '#libs/observability';
import { baseUrlsFrom, httpProviders } from '#libs/providers';
import { assertInDocument } from '../support/conformance.js';
import { FreshDatabase } from '../support/real-stack.js';
import { TcpProxy } from '../support/tcp-proxy.js';

export const adminToken = 'spec-admin-token-0123456789';

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
  text: string;
}

export interface Sent {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string;
  headers?: Record<string, string>;
  /** Another instance than the first. */
  at?: string;
}

/** What one config-api has of its own. */
export interface InstanceOptions extends Pick<ConfigApiPorts, 'attempts'> {
  settings?: Partial<ConfigApiPorts['settings']>;
}

/** config-api on a fresh database of the real server, behind a proxy that can be cut, with everything it answered. */
export class ConfigApiFixture {
  readonly events: KeyChanged[] = [];
  readonly logLines: string[] = [];
  /** Every key that was sent: none of them may ever come back. */
  private readonly planted: string[] = [];
  private readonly answers: string[] = [];
  private baseUrl = '';
  /** Addresses of the instances that count requests. */
  private readonly counting = new Set<string>();

  private constructor(
    private readonly database: FreshDatabase,
    readonly proxy: TcpProxy,
    readonly dataSource: DataSource,
    /** What stands in for all providers. */
    readonly providers: FakeProviderServer,
  ) {}

  private readonly bus = new MemoryEventBus();
  private readonly kekProvider = new MemoryKekProvider();
  private readonly apps: NestFastifyApplication[] = [];

  static async start(options: InstanceOptions = {}): Promise<ConfigApiFixture> {
    await cryptoReady();
    const database = await FreshDatabase.create({ migrated: false });
    const proxy = await TcpProxy.start(database.url);
    const dataSource = createDataSource({ url: proxy.urlOf(database.url), applicationName: 'config-api-spec' });
    const providers = await FakeProviderServer.start();
    const fixture = new ConfigApiFixture(database, proxy, await dataSource.initialize(), providers);
    await fixture.serve(options);
    return fixture;
  }

  async stop(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    await this.bus.close();
    await this.dataSource.destroy();
    await this.proxy.stop();
    await this.providers.close();
    await this.database.drop();
  }

  /** A key nobody has seen before, remembered as one that must never be seen again. */
  plantKey(prefix: string): string {
    const key = `${prefix}canary${randomBytes(12).toString('hex')}`;
    this.planted.push(key);
    return key;
  }

  async createOrganization(name: string, parentId?: string): Promise<{ id: string; token: string }> {
    const body = { name, ...(parentId && { parent_org_id: parentId }) };
    const answer = await this.call<{ id: string; api_key: string }>(adminToken, 'POST', '/api/v1/organizations', {
      body,
    });
    return { id: answer.body.id, token: answer.body.api_key };
  }

  async call<T = Record<string, unknown>>(
    token: string | undefined,
    method: string,
    path: string,
    sent: Sent = {},
  ): Promise<Answer<T>> {
    const payload = sent.raw ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    const at = sent.at ?? this.baseUrl;
    const answer = await fetch(at + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...sent.headers,
      },
      ...(payload !== undefined && { body: payload }),
    });
    const text = await answer.text();
    this.answers.push(`${method} ${path} ${answer.status} ${JSON.stringify([...answer.headers])} ${text}`);
    const isCounted = this.counting.has(at) && token?.startsWith('lk_live_');
    assertInDocument({ method, path, status: answer.status, headers: answer.headers, text, isCounted });
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : {}) as T, text };
  }

  /** Where a planted key showed up: in an answer, a log line or an event. */
  leaks(): string[] {
    const everything = [...this.answers, ...this.logLines, ...this.events.map((event) => JSON.stringify(event))];
    return everything.filter((text) => this.holdsKey(text));
  }

  /** Whether a planted key is in it. */
  holdsKey(text: string): boolean {
    return this.planted.some((key) => text.includes(key));
  }

  /** Publishes an event as another app would. */
  async publish(topic: string, value: { call_id: string }): Promise<void> {
    const event = { topic, key: value.call_id, id: randomUUID(), type: topic, time: new Date().toISOString() };
    await this.bus.publish([{ ...event, value: Buffer.from(JSON.stringify(value)) }]);
  }

  /** The event of this change, once the relay has published it. */
  async eventOf(organizationId: string, provider: string, epoch: number): Promise<KeyChanged> {
    for (let waitedMs = 0; waitedMs < 8_000; waitedMs += 20) {
      const found = this.events.find(
        (event) => event.organization_id === organizationId && event.provider === provider && event.epoch === epoch,
      );
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no event of epoch ${epoch}`);
  }

  /** A part of the first instance, such as one that is to be looked into after `stop`. */
  part<T>(type: Type<T>): T {
    return this.apps[0]!.get(type, { strict: false });
  }

  /** One more config-api on the same database; its address, for `Sent.at`. */
  async addInstance({ settings: own, ...ports }: InstanceOptions = {}): Promise<string> {
    const settings = { ...quietSettings, ...own };
    const module = ConfigApiModule.register({
      dataSource: this.dataSource,
      databaseUrl: this.proxy.urlOf(this.database.url),
      kekProvider: this.kekProvider,
      eventBus: this.bus,
      ...httpProviders(Catalogue.load(), { baseUrls: baseUrlsFrom(this.providers.url), privateAddresses: true }),
      ...ports,
      settings,
    });
    const destination = { write: (line: string): void => void this.logLines.push(line) };
    const logger = new NestLogger(createLogger({ level: 'debug', app: 'spec', destination }));
    const app = await NestFactory.create<NestFastifyApplication>(module, createFastifyAdapter(), {
      logger,
      abortOnError: false,
    });
    this.apps.push(app);
    configureHttp(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    if (settings.LATCHKEY_RATE_LIMIT_PER_MINUTE > 0) this.counting.add(url);
    return url;
  }

  private async serve(options: InstanceOptions): Promise<void> {
    await prepareDatabase(this.dataSource, this.kekProvider);
    await this.bus.subscribe({
      topics: [topics.byokKeyChanged],
      group: 'spec',
      onSlice: async (slice) => {
        for (const { value } of slice) this.events.push(keyChangedSchema.parse(JSON.parse(String(value))));
      },
    });
    this.baseUrl = await this.addInstance(options);
  }
}

/** Made-up keys are sent to no provider, and requests are counted, but never too many. */
const quietSettings: ConfigApiPorts['settings'] = {
  LATCHKEY_ADMIN_TOKEN: adminToken,
  LATCHKEY_OVERLAP_SECONDS: 900,
  LATCHKEY_VALIDATE_KEYS: false,
  LATCHKEY_RATE_LIMIT_PER_MINUTE: 1_000_000,
  LATCHKEY_AUTH_FAILURES_PER_MINUTE: 0,
  LATCHKEY_WEBHOOK_PRIVATE_ADDRESSES: true,
};

export interface ErrorBody {
  error: string;
  message: string;
  code: string;
  param?: string;
  type: string;
  details?: string[];
  request_id: string;
}

/** Every error has the one body, whatever went wrong. */
export function expectError(answer: Answer<ErrorBody>, status: number, code: string): ErrorBody {
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.body).toMatchObject({
    error: expect.stringMatching(/\S/),
    message: expect.stringMatching(/\S/),
    type: expect.stringMatching(/^[a-z_]+$/),
    request_id: answer.headers.get('x-request-id'),
  });
  return answer.body;
}
