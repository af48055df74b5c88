import type { MigrationInterface, QueryRunner } from 'typeorm';
import { platformOrganizationId } from '../organization-id.js';

/** Tables, roles and row-level security of the main path. */
export class Spine1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statements of [roles, tables, receipts, rowLevelSecurity, grants]) await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_event, receipt, outbox, key_change, key_version, key_slot, tenant_kek, service_key, api_token,
        organization;
      DROP FUNCTION create_receipt_partitions(integer);
      DROP FUNCTION acting_organization();
    `);
  }
}

/** Roles belong to the whole server: another database may have made them, perhaps at this very moment. */
const roles = `
  DO $$
  DECLARE role_name text;
  BEGIN
    FOREACH role_name IN ARRAY ARRAY['latchkey_tenant', 'latchkey_resolver'] LOOP
      BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
          EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
      IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO %I', role_name, current_user);
      END IF;
    END LOOP;
  END $$;
`;

const tables = `
  CREATE TABLE organization (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    parent_id uuid REFERENCES organization (id),
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX organization_parent ON organization (parent_id);
  INSERT INTO organization (id, name) VALUES ('${platformOrganizationId}', 'platform');

  CREATE TABLE api_token (
    id text PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization (id),
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
  );

  -- Keys of the service itself (handle sealing, token hashing, fingerprints), wrapped by the root KEK.
  CREATE TABLE service_key (
    purpose text PRIMARY KEY,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE tenant_kek (
    organization_id uuid NOT NULL REFERENCES organization (id),
    version integer NOT NULL,
    wrapped bytea NOT NULL,
    root_kek_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, version)
  );

  CREATE TABLE key_slot (
    organization_id uuid NOT NULL REFERENCES organization (id),
    provider text NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    -- Handles issued under a lower epoch are dead: every immediate change raises it to the new epoch.
    epoch_floor bigint NOT NULL DEFAULT 0 CHECK (epoch_floor <= epoch),
    state text NOT NULL DEFAULT 'empty' CHECK (state IN ('empty', 'active', 'revoked', 'quarantined')),
    fallback text NOT NULL DEFAULT 'when_missing' CHECK (fallback IN ('never', 'when_missing', 'when_unusable')),
    current_version integer,
    last_version integer NOT NULL DEFAULT 0,
    expires_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, provider),
    CHECK ((state IN ('active', 'quarantined')) = (current_version IS NOT NULL))
  );

  CREATE TABLE key_version (
    organization_id uuid NOT NULL,
    provider text NOT NULL,
    version integer NOT NULL,
    secret_id uuid NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('active', 'retiring', 'retired', 'revoked', 'removed')),
    retires_at timestamptz,
    hint text,
    fingerprint bytea NOT NULL,
    tenant_kek_version integer NOT NULL,
    wrapped_dek bytea,
    sealed_key bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    PRIMARY KEY (organization_id, provider, version),
    FOREIGN KEY (organization_id, provider) REFERENCES key_slot (organization_id, provider),
    CHECK ((state = 'retiring') = (retires_at IS NOT NULL)),
    -- A revoked or removed key is gone, not merely marked.
    CHECK ((state IN ('revoked', 'removed')) = (sealed_key IS NULL)),
    CHECK ((sealed_key IS NULL) = (wrapped_dek IS NULL))
  );
  CREATE UNIQUE INDEX key_version_one_active ON key_version (organization_id, provider) WHERE state = 'active';

  CREATE TABLE key_change (
    organization_id uuid NOT NULL,
    provider text NOT NULL,
    epoch bigint NOT NULL,
    change text NOT NULL,
    version integer,
    actor text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, provider, epoch)
  );

  -- Columns as Debezium's EventRouter wants them, so that CDC can take the relay's place.
  CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    organization_id uuid NOT NULL,
    aggregatetype text NOT NULL,
    aggregateid text NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
  );
  CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL;

  CREATE TABLE audit_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    organization_id uuid NOT NULL,
    kind text NOT NULL,
    call_id text,
    detail jsonb NOT NULL
  );
  CREATE INDEX audit_event_of_organization ON audit_event (organization_id, at);
`;

const receipts = `
  CREATE TABLE receipt (
    organization_id uuid NOT NULL,
    call_id text NOT NULL,
    -- UTC day of the event, not of its handling: a redelivery after midnight finds its row.
    day date NOT NULL,
    resolved_at timestamptz,
    live_until timestamptz NOT NULL,
    ended_at timestamptz,
    components jsonb NOT NULL,
    PRIMARY KEY (organization_id, call_id, day)
  ) PARTITION BY RANGE (day);
  -- Nothing is lost should making partitions ahead ever fail.
  CREATE TABLE receipt_other PARTITION OF receipt DEFAULT;

  CREATE FUNCTION create_receipt_partitions(days_ahead integer) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    first_day date := (now() AT TIME ZONE 'UTC')::date;
    partition_day date;
  BEGIN
    -- Several processes start at once.
    PERFORM pg_advisory_xact_lock(hashtext('latchkey.receipt_partitions'));
    FOR partition_day IN SELECT first_day + n FROM generate_series(-1, days_ahead) AS n LOOP
      IF to_regclass('receipt_' || to_char(partition_day, 'YYYYMMDD')) IS NULL THEN
        BEGIN
          EXECUTE format('CREATE TABLE %I PARTITION OF receipt FOR VALUES FROM (%L) TO (%L)',
            'receipt_' || to_char(partition_day, 'YYYYMMDD'), partition_day, partition_day + 1);
        EXCEPTION WHEN check_violation THEN
          -- Rows of that day are in receipt_other already: they stay there and are found there.
          RAISE NOTICE 'receipts of % stay in receipt_other', partition_day;
        END;
      END IF;
    END LOOP;
  END $$;
  SELECT create_receipt_partitions(7);
`;

const rowLevelSecurity = `
  -- The organization a tenant-facing transaction acts for; NULL, and so no row at all, when it was not set.
  CREATE FUNCTION acting_organization() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('latchkey.organization_id', true), '')::uuid
  $$;
  DO $$
  DECLARE table_name text;
  BEGIN
    FOREACH table_name IN ARRAY ARRAY['api_token', 'tenant_kek', 'key_slot', 'key_version', 'key_change', 'outbox',
      'receipt', 'audit_event'] LOOP
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
      EXECUTE format('CREATE POLICY own_rows ON %I TO latchkey_tenant USING (organization_id = acting_organization())',
        table_name);
      EXECUTE format('CREATE POLICY all_rows ON %I TO latchkey_resolver USING (true)', table_name);
    END LOOP;
  END $$;
  ALTER TABLE organization ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own_rows ON organization TO latchkey_tenant
    USING (id = acting_organization() OR parent_id = acting_organization());
  CREATE POLICY all_rows ON organization TO latchkey_resolver USING (true);
`;

const grants = `
  GRANT SELECT ON organization, api_token, receipt, key_change, audit_event TO latchkey_tenant;
  GRANT SELECT, INSERT ON tenant_kek TO latchkey_tenant;
  GRANT SELECT, INSERT, UPDATE ON key_slot, key_version TO latchkey_tenant;
  GRANT INSERT ON key_change, outbox TO latchkey_tenant;

  GRANT SELECT ON organization, key_slot, key_version, tenant_kek, service_key TO latchkey_resolver;
  GRANT SELECT, INSERT, UPDATE ON receipt TO latchkey_resolver;
  GRANT INSERT ON audit_event TO latchkey_resolver;
`;
