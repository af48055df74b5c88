import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the whole HTTP contract needs: policies, verdicts, assistants, tokens with scopes, webhooks, idempotency. */
export class Contract1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statements of [columns, tables, rowLevelSecurity, grants]) await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE webhook_delivery, webhook_subscription, idempotent_request, assistant;
      ALTER TABLE key_version DROP COLUMN verdict, DROP COLUMN verdict_detail, DROP COLUMN validated_at,
        DROP COLUMN failed_at, DROP COLUMN check_due_at, DROP COLUMN check_started_at,
        DROP COLUMN check_count;
      ALTER TABLE key_slot DROP COLUMN allowed_models, DROP COLUMN region, DROP COLUMN shared, DROP COLUMN config,
        DROP COLUMN expiry_notified_for, DROP COLUMN fallback_notified_at;
      UPDATE key_slot SET fallback = 'when_missing' WHERE fallback IS NULL;
      ALTER TABLE key_slot ALTER COLUMN fallback SET DEFAULT 'when_missing', ALTER COLUMN fallback SET NOT NULL;
      ALTER TABLE api_token DROP COLUMN name, DROP COLUMN scopes, DROP COLUMN last_used_at;
      ALTER TABLE organization DROP COLUMN default_fallback;
    `);
  }
}

const columns = `
  ALTER TABLE organization ADD COLUMN default_fallback text
    CHECK (default_fallback IN ('never', 'when_missing', 'when_unusable'));

  ALTER TABLE api_token
    ADD COLUMN name text,
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{byok:read,byok:write,assistants:write,admin}',
    ADD COLUMN last_used_at timestamptz;
  CREATE INDEX api_token_of_organization ON api_token (organization_id);

  -- Without a policy of its own a slot follows its organization's default.
  ALTER TABLE key_slot ALTER COLUMN fallback DROP NOT NULL, ALTER COLUMN fallback DROP DEFAULT;
  ALTER TABLE key_slot
    ADD COLUMN allowed_models text[],
    ADD COLUMN region text,
    ADD COLUMN shared boolean NOT NULL DEFAULT false,
    ADD COLUMN config jsonb NOT NULL DEFAULT '{}',
    -- The expiry date about which the tenant has been told.
    ADD COLUMN expiry_notified_for timestamptz,
    ADD COLUMN fallback_notified_at timestamptz;
  CREATE INDEX key_slot_expiring ON key_slot (expires_at) WHERE expires_at IS NOT NULL;

  -- What the provider said of a key belongs to the version: a replacement starts clean.
  ALTER TABLE key_version
    ADD COLUMN verdict text,
    ADD COLUMN verdict_detail jsonb,
    ADD COLUMN validated_at timestamptz,
    ADD COLUMN failed_at timestamptz,
    ADD COLUMN check_due_at timestamptz,
    ADD COLUMN check_started_at timestamptz,
    ADD COLUMN check_count integer NOT NULL DEFAULT 0;
  CREATE INDEX key_version_check_due ON key_version (check_due_at) WHERE check_due_at IS NOT NULL;
`;

const tables = `
  CREATE TABLE assistant (
    organization_id uuid NOT NULL REFERENCES organization (id),
    id text NOT NULL,
    name text NOT NULL,
    -- Everything as clients know it, unknown fields included.
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
  );
  CREATE INDEX assistant_by_age ON assistant (organization_id, created_at, id);

  CREATE TABLE idempotent_request (
    -- Who asked: a token, or the admin.
    caller text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    -- Sealed: an answer may show a token. NULL while the first request is under way.
    answer bytea,
    -- Whoever comes after this moment without an answer being there runs the request itself.
    locked_until timestamptz,
    -- Who runs it: an answer of one that was given up for lost is not kept.
    run_id uuid NOT NULL,
    -- The same for all runs: what they draw from it is the same too.
    seed uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
  );
  CREATE INDEX idempotent_request_by_age ON idempotent_request (created_at);

  CREATE TABLE webhook_subscription (
    organization_id uuid NOT NULL REFERENCES organization (id),
    id uuid NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    -- Sealed with the tenant KEK of this version.
    tenant_kek_version integer NOT NULL,
    secret bytea NOT NULL,
    previous_kek_version integer,
    previous_secret bytea,
    previous_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
  );

  CREATE TABLE webhook_delivery (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    -- The same for all subscriptions that are told of one event.
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempt_count integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    last_status integer,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, subscription_id) REFERENCES webhook_subscription (organization_id, id)
      ON DELETE CASCADE
  );
  CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE state = 'pending';
  CREATE INDEX webhook_delivery_by_age ON webhook_delivery (organization_id, created_at);
`;

const rowLevelSecurity = `
  DO $$
  DECLARE table_name text;
  BEGIN
    FOREACH table_name IN ARRAY ARRAY['assistant', 'webhook_subscription', 'webhook_delivery'] LOOP
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
      EXECUTE format('CREATE POLICY own_rows ON %I TO latchkey_tenant USING (organization_id = acting_organization())',
        table_name);
      EXECUTE format('CREATE POLICY all_rows ON %I TO latchkey_resolver USING (true)', table_name);
    END LOOP;
  END $$;
  ALTER TABLE idempotent_request ENABLE ROW LEVEL SECURITY;
`;

const grants = `
  GRANT SELECT, INSERT, UPDATE, DELETE ON assistant, webhook_subscription TO latchkey_tenant;
  GRANT SELECT, INSERT, UPDATE ON webhook_delivery TO latchkey_tenant;
  GRANT SELECT ON assistant TO latchkey_resolver;
  GRANT INSERT, UPDATE ON api_token TO latchkey_tenant;
  GRANT UPDATE (name, default_fallback) ON organization TO latchkey_tenant;
`;
