import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createDataSource, SlotConditionStore } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { ApiClient } from '../support/api-client.js';
import { Deployment } from '../support/deployment.js';
import { KeyResolverClient, type ResolvedCall } from '../support/key-resolver-client.js';
import { callDraft, firstDrafts, organizationDraft, type CallDraft, type ConfigDraft } from './whose-key.draft.js';
import type { OrganizationDraft, SlotDraft } from './whose-key.draft.js';
import { expectedOutcomes } from './whose-key.oracle.js';

jest.setTimeout(240_000);

interface Tenant {
  id: string;
  api: ApiClient;
}
interface Outcome {
  component: string;
  source: string | null;
  secret_id: string | null;
  version: number | null;
  fallback_reason: string | null;
  inherited_from: string | null;
  reason: string | null;
}
interface Preflight {
  ready: boolean;
  components: (Omit<Outcome, 'reason'> & { ready: boolean; reasons: { code: string }[] })[];
}

/** A key that works, and one that has expired. */
const platformKeys = { deepgram: {}, openai: {}, xai: { expires_at: '2020-01-01T00:00:00Z' } };
const platform = ['deepgram', 'openai'];

describe('preflights and calls', () => {
  let deployment: Deployment;
  let admin: ApiClient;
  let resolver: KeyResolverClient;
  let database: DataSource;
  let conditions: SlotConditionStore;

  beforeAll(async () => {
    deployment = await Deployment.start();
    admin = new ApiClient(deployment.configApis[0]!.url, deployment.adminToken);
    resolver = new KeyResolverClient(deployment.resolvers[0]!.grpcAddress, deployment.serviceToken, 10_000);
    database = await createDataSource({ url: deployment.database.url, applicationName: 'spec' }).initialize();
    conditions = new SlotConditionStore(database);
    for (const [provider, policy] of Object.entries(platformKeys)) {
      await ok(admin.post('/admin/v1/platform/byok', { provider, api_key: newKey() }));
      await ok(admin.put(`/admin/v1/platform/byok/keys/${provider}/policy`, { ...policy, fallback: 'never' }));
    }
  });
  afterAll(async () => {
    resolver.close();
    await database.destroy();
    await deployment.stop();
  });

  async function createChild(agency: Tenant): Promise<Tenant> {
    const body = { name: 'Child', parent_org_id: agency.id };
    const created = await ok(admin.post<{ id: string; api_key: string }>('/api/v1/organizations', body));
    return { id: created.id, api: new ApiClient(admin.baseUrl, created.api_key) };
  }

  async function build({ id, api }: Tenant, { defaultFallback, slots }: OrganizationDraft): Promise<void> {
    await Promise.all(slots.map((slot) => buildSlot({ id, api }, slot)));
    await ok(api.patch(`/api/v1/organizations/${id}`, { default_fallback: defaultFallback }));
  }

  async function buildSlot({ id, api }: Tenant, { slot, key, policy }: SlotDraft): Promise<void> {
    const path = `/api/v1/byok/keys/${slot}`;
    const store = (): Promise<unknown> => ok(api.post('/api/v1/byok', { provider: slot, api_key: newKey() }));
    if (key !== 'none') await store();
    if (key === 'rotated') await store();
    if (key === 'revoked') await ok(api.post(`${path}/revoke`));
    if (key === 'removed') await ok(api.delete('/api/v1/byok', { provider: slot }));
    if (key === 'quarantined')
      await conditions.quarantine({ organizationId: id, provider: slot }, 1, { actor: 'spec', reason: 'invalid' });
    const { expires_at: _, ...lasting } = policy;
    const settable = ['none', 'removed', 'revoked'].includes(key) ? lasting : policy;
    if (Object.keys(settable).length > 0) await ok(api.put(`${path}/policy`, settable));
  }

  /** Asks both, once the assistant is stored; with the configuration that counts. */
  async function ask(
    { id, api }: Tenant,
    { assistant, config, region }: CallDraft,
  ): Promise<{ answer: Preflight; call: ResolvedCall; effective: ConfigDraft }> {
    const stored = assistant && (await createAssistant(api, assistant));
    const path = stored ? `/api/v1/assistants/${stored.id}/preflight` : '/api/v1/preflight';
    const more = { config, ...(region && { region }) };
    const answer = await ok(api.post<Preflight>(path, { ...more, live: false }));
    const named = { call_id: randomUUID(), organization_id: id, ...(stored && { assistant_id: stored.id }) };
    return { answer, call: await resolver.resolveCall({ ...named, ...more }), effective: { ...stored, ...config } };
  }

  it('agree with each other and with the rules, for whatever organizations, agencies, keys, policies and assistants', async () => {
    const seen = new Set<string>();
    let readyCount = 0;
    const outcome = fc.asyncProperty(
      organizationDraft('child'),
      organizationDraft('agency'),
      fc.array(callDraft, { minLength: 4, maxLength: 8 }),
      async (own, agency, calls) => {
        const parent = await admin.createOrganization('Agency');
        const child = await createChild(parent);
        await Promise.all([build(parent, agency), build(child, own)]);
        for (const drawn of calls) {
          const { answer, call, effective } = await ask(child, drawn);
          const got = outcomesOfCall(call);
          expect(outcomesOfPreflight(answer)).toEqual(got);
          const texts = got.map(textOf);
          expect(texts).toEqual(expectedOutcomes({ own, agency, platform }, effective, drawn.region));
          expect(got.flatMap((one) => one.inherited_from ?? []).every((from) => from === parent.id)).toBe(true);
          expect(answer.ready).toBe(got.length > 0 && answer.components.every(({ ready }) => ready));
          if (answer.ready) readyCount += 1;
          for (const text of texts) seen.add(text.replace(/^.*: /, '').replace(/ for .*/, ''));
        }
      },
    );
    await fc.assert(outcome, { numRuns: 25, examples: firstDrafts });
    expect(readyCount).toBeGreaterThan(0);
    for (const word of ['tenant', 'inherited', 'platform', 'quarantined', 'expired', 'no_key']) {
      expect(seen).toContain(word);
    }
  });
});

function newKey(): string {
  return `test-${randomUUID()}`;
}

async function ok<T>(asked: Promise<{ status: number; body: T; text: string }>): Promise<T> {
  const { status, body, text } = await asked;
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return body;
}

async function createAssistant(api: ApiClient, config: ConfigDraft): Promise<ConfigDraft & { id: string }> {
  const created = await ok(api.post<{ assistant: never }>('/api/v1/assistants', { name: 'Anna', ...config }));
  return created.assistant;
}

function outcomesOfCall({ components }: ResolvedCall): Outcome[] {
  return components.map((component) => ({
    component: component.component,
    source: component.source ?? null,
    secret_id: component.secret_id ?? null,
    version: component.version ?? null,
    fallback_reason: component.fallback_reason ?? null,
    inherited_from: component.inherited_from ?? null,
    reason: component.reason ?? null,
  }));
}

function outcomesOfPreflight({ components }: Preflight): Outcome[] {
  return components.map((row) => ({
    component: row.component,
    source: row.source,
    secret_id: row.secret_id,
    version: row.version,
    fallback_reason: row.fallback_reason,
    inherited_from: row.inherited_from,
    reason: row.source === null ? row.reasons[0]!.code : null,
  }));
}

function textOf({ component, source, fallback_reason: why, reason }: Outcome): string {
  return `${component}: ${source ?? reason}${why ? ` for ${why}` : ''}`;
}
