import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What reviews of the contract found missing; each part says what for. */
export class ContractMended1764200000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Of requests that may be run again: the second run finds what the first one did.
      ALTER TABLE key_change ADD COLUMN request_id uuid;
      -- The same of the last replacements of the secret.
      ALTER TABLE webhook_subscription ADD COLUMN rotation_request_ids uuid[] NOT NULL DEFAULT '{}';
      -- When a report last asked for a check; one that began later has answered it.
      ALTER TABLE key_version ADD COLUMN check_requested_at timestamptz,
        -- The expiry date of a version that new calls get no more; that of the current one is its slot's.
        ADD COLUMN expires_at timestamptz;
      DROP INDEX webhook_delivery_due;
      CREATE INDEX webhook_delivery_due ON webhook_delivery (organization_id, subscription_id, due_at)
        WHERE state = 'pending';
    `);
    await queryRunner.query(assistantsAsTheyCame);
    await queryRunner.query(lastUses);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(withoutLastUses);
    await queryRunner.query(`
      ALTER TABLE assistant DROP COLUMN call_config;
      DROP FUNCTION call_config_of(jsonb);
      ALTER TABLE assistant ALTER COLUMN body TYPE jsonb USING body::jsonb;
      DROP INDEX webhook_delivery_due;
      CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE state = 'pending';
      ALTER TABLE key_version DROP COLUMN check_requested_at, DROP COLUMN expires_at;
      ALTER TABLE webhook_subscription DROP COLUMN rotation_request_ids;
      ALTER TABLE key_change DROP COLUMN request_id;
    `);
  }
}

const assistantsAsTheyCame = `
  -- The order of fields says something to a model that is shown a tool, and jsonb does not keep it.
  ALTER TABLE assistant ALTER COLUMN body TYPE json USING body::json;

  -- What decides which keys a call needs. Prompts and tools may be long, and no key depends on them.
  CREATE FUNCTION call_config_of(body jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
      'stt_config', body->'stt_config',
      'llm_config', CASE jsonb_typeof(body->'llm_config')
        WHEN 'object' THEN (body->'llm_config') - '{messages,tools}'::text[] ELSE body->'llm_config' END,
      'tts_config', body->'tts_config',
      'analysis_plan', body->'analysis_plan')
  $$;
  -- Every call that starts reads it, and json would be parsed anew each time.
  ALTER TABLE assistant ADD COLUMN call_config jsonb GENERATED ALWAYS AS (call_config_of(body::jsonb)) STORED;
`;

const lastUses = `
  -- When a call last got the key of a slot. A table of its own: the resolver may not write slots.
  CREATE TABLE slot_use (
    -- Whose key it is, whoever's call.
    organization_id uuid NOT NULL,
    provider text NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, provider)
  );
  INSERT INTO slot_use (organization_id, provider, last_used_at)
  SELECT CASE c.component ->> 'source' WHEN 'platform' THEN '00000000-0000-0000-0000-000000000000'::uuid
      WHEN 'inherited' THEN (c.component ->> 'inherited_from')::uuid ELSE r.organization_id END,
    c.component ->> 'slot', max(r.resolved_at)
  FROM receipt r CROSS JOIN LATERAL jsonb_array_elements(r.components) AS c (component)
  WHERE c.component ->> 'status' = 'resolved' AND r.resolved_at IS NOT NULL
  GROUP BY 1, 2;
  ALTER TABLE slot_use ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own_rows ON slot_use TO latchkey_tenant USING (organization_id = acting_organization());
  CREATE POLICY all_rows ON slot_use TO latchkey_resolver USING (true);
  GRANT SELECT ON slot_use TO latchkey_tenant;
  GRANT SELECT, INSERT, UPDATE ON slot_use TO latchkey_resolver;

  -- Nobody read it, and only one of the changes of a slot set it.
  ALTER TABLE key_slot DROP COLUMN updated_at;
`;

const withoutLastUses = `
  ALTER TABLE key_slot ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
  DROP TABLE slot_use;
`;
