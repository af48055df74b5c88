import { Catalogue } from '#libs/catalogue';
import { adminToken, type Answer, type ConfigApiFixture } from './config-api.fixture.js';
import { wellFormed, type Draft } from './fuzz.draft.js';

/** An organization with something of everything, so that requests about what is there find it. */
export class FuzzScene {
  /** Ids that answers told of, by the list that they are in. */
  private readonly ids: Record<string, string[]> = {};

  private constructor(
    private readonly api: ConfigApiFixture,
    private readonly organization: { id: string; token: string },
    private readonly other: { id: string; token: string },
  ) {}

  static async furnish(api: ConfigApiFixture): Promise<FuzzScene> {
    const organization = await api.createOrganization('Fuzz');
    const child = await api.createOrganization('Child of Fuzz', organization.id);
    const scene = new FuzzScene(api, organization, child);
    for (const prefix of ['/api/v1', '/admin/v1/platform']) {
      const token = prefix === '/api/v1' ? organization.token : adminToken;
      const tell = async (method: string, path: string, body?: unknown): Promise<void> =>
        scene.learn(prefix + path, await api.call(token, method, prefix + path, { body }));
      for (const key of [api.plantKey('sk-'), api.plantKey('sk-')]) {
        await tell('POST', '/byok', { provider: 'openai', api_key: key });
      }
      await tell('POST', '/webhooks', { url: 'http://127.0.0.1:9/hook', events: ['byok.key.rotated'] });
      await tell('GET', '/webhooks');
      if (prefix === '/admin/v1/platform') continue;
      await tell('POST', '/assistants', { name: 'Ada', llm_config: { provider: 'openai' } });
      await tell('GET', '/organizations');
      await tell('POST', '/tokens', { name: 'Second', scopes: ['byok:read'] });
    }
    return scene;
  }

  /** What came of a draft. */
  async send(method: string, pattern: string, draft: Draft): Promise<Answer<unknown>> {
    const values = [...draft.inPath];
    const path = pattern.replaceAll(
      /(\w+)\/\{(\w+)\}/g,
      (_, list: string, name: string) => `${list}/${this.valueOf(listIn(pattern, list), name, values.shift()!)}`,
    );
    const query = new URLSearchParams(
      Object.entries(draft.query).map(([name, value]) => [name, textOf(value)] as [string, string]),
    );
    const sent = method === 'GET' ? {} : { body: draft.body, ...(draft.raw !== null && { raw: draft.raw }) };
    const answer = await this.api.call<unknown>(
      this.tokenOf(draft.who),
      method,
      `${path}${query.size ? `?${query.toString()}` : ''}`,
      {
        ...sent,
        headers: draft.headers,
      },
    );
    this.learn(pattern, answer);
    return answer;
  }

  private learn(pattern: string, { text }: Answer<unknown>): void {
    const [list] = pattern
      .split('/')
      .filter((word) => lists.includes(word))
      .slice(-1);
    if (list === undefined) return;
    const known = (this.ids[listIn(pattern, list)] ??= []);
    for (const [, id] of text.matchAll(/"id":"([^"\\]+)"/g)) known.push(id!);
  }

  private valueOf(list: string, name: string, { pick, text }: Draft['inPath'][number]): string {
    if (text !== null) return text;
    const there =
      name === 'provider' ? providers : name === 'organization_id' ? [this.organization.id] : this.ids[list];
    return encodeURIComponent(there?.[pick % there.length] ?? 'call-1');
  }

  private tokenOf(who: Draft['who']): string | undefined {
    if (who === 'nobody') return undefined;
    const tokens = { tenant: this.organization.token, other: this.other.token, admin: adminToken };
    return who === 'stranger' ? 'lk_live_nobodyknowsme_x' : tokens[who];
  }
}

/** Every second pick finds the key that is there. */
const providers = Catalogue.load().slots.flatMap(({ id }) => ['openai', id]);

const lists = ['assistants', 'agents', 'webhooks', 'deliveries', 'tokens', 'organizations'];

/** Assistants have two names; the platform has lists of its own. */
function listIn(pattern: string, list: string): string {
  return (pattern.includes('/platform/') ? 'platform ' : '') + (list === 'agents' ? 'assistants' : list);
}

function textOf(value: unknown): string {
  return wellFormed(typeof value === 'string' ? value : JSON.stringify(value ?? ''));
}
