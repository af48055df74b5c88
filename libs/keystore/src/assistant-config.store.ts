import type { CallConfig } from '#libs/contracts';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { isAssistantId } from './assistant.store.js';
import { poolOf } from './data-source.js';
import { translatingDatabaseErrors } from './database-error.js';

export interface AssistantRef {
  organizationId: string;
  assistantId: string;
}

/** Reads of assistants what decides which keys a call needs: always from the primary, any number in one round trip. */
export class AssistantConfigStore {
  private readonly pool: Pool;

  constructor(dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  /** One configuration for each assistant, in order; undefined where the organization has no such assistant. */
  async read(refs: readonly AssistantRef[]): Promise<(CallConfig | undefined)[]> {
    const result = await translatingDatabaseErrors(() =>
      this.pool.query<[ordinality: string, config: CallConfig]>({
        name: 'assistant-configs',
        rowMode: 'array',
        text: configsSql,
        values: [
          refs.map((ref) => ref.organizationId),
          refs.map(({ assistantId }) => (isAssistantId(assistantId) ? assistantId : '')),
        ],
      }),
    );
    const configs = new Array<CallConfig | undefined>(refs.length).fill(undefined);
    for (const [ordinality, config] of result.rows) configs[Number(ordinality) - 1] = config;
    return configs;
  }
}

const configsSql = `
  SELECT q.ordinality, a.call_config
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS q (organization_id, assistant_id, ordinality)
  JOIN assistant a ON a.organization_id = q.organization_id AND a.id = q.assistant_id`;
