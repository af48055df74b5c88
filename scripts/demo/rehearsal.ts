import type { ApiClient } from '../../test/support/api-client.js';
import type { Story } from './story.js';

interface Preflight {
  ready: boolean;
  reasons: string[];
}

/** An assistant of the organization, asked before a call whether it would work. */
export class Rehearsal {
  private constructor(
    private readonly story: Story,
    private readonly tenant: ApiClient,
    private readonly assistantId: string,
  ) {}

  static async begin(story: Story, tenant: ApiClient, config: object): Promise<Rehearsal> {
    const path = '/api/v1/assistants';
    const created = await tenant.post<{ assistant: { id: string } }>(path, { name: 'Reception', ...config });
    story.proves('POST /assistants answers 201', created.status === 201);
    return new Rehearsal(story, tenant, created.body.assistant.id);
  }

  async isNotReady(): Promise<void> {
    const { ready, reasons } = await this.preflight();
    this.story.proves('the preflight says: not ready', !ready && reasons.length > 0);
    for (const reason of reasons) this.story.say(`  ${reason}`);
  }

  async isReady(): Promise<void> {
    const { ready, reasons } = await this.preflight();
    this.story.proves(['the preflight says: ready', ...reasons].join('; '), ready);
  }

  private async preflight(): Promise<Preflight> {
    const path = `/api/v1/assistants/${this.assistantId}/preflight`;
    const answer = await this.tenant.post<Preflight>(path);
    if (answer.status !== 200) this.story.proves(`POST ${path} answers 200 (it said: ${answer.text})`, false);
    return answer.body;
  }
}
