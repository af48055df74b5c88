import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What came in twice is known again: changes of requests that are run again, reports that come during a check. */
export class RepeatedRequests1764200000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- Of requests that may be run again: the second run finds what the first one did.
      ALTER TABLE key_change ADD COLUMN request_id uuid;
      -- When a report last asked for a check; one that began later has answered it.
      ALTER TABLE key_version ADD COLUMN check_requested_at timestamptz,
        -- The expiry date of a version that new calls get no more; that of the current one is its slot's.
        ADD COLUMN expires_at timestamptz;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE key_version DROP COLUMN check_requested_at, DROP COLUMN expires_at;
      ALTER TABLE key_change DROP COLUMN request_id;
    `);
  }
}
