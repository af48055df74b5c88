import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createDataSource, withinOrganization } from '#libs/keystore';
import type { DataSource } from 'typeorm';
import { FreshDatabase } from '../support/real-stack.js';
import { TcpProxy } from '../support/tcp-proxy.js';

jest.setTimeout(30_000);

const timeoutMs = 300;
const organizationId = '5f0c7a52-5d0e-4a52-9f0a-2d9a41a6c001';

describe('a change that PostgreSQL did not answer in time', () => {
  let database: FreshDatabase;
  let proxy: TcpProxy;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await FreshDatabase.create({ migrated: true });
    proxy = await TcpProxy.start(database.url);
    const options = { url: proxy.urlOf(database.url), applicationName: 'spec-hang', poolSizeMax: 1, timeoutMs };
    dataSource = await createDataSource(options).initialize();
    await dataSource.query('INSERT INTO organization (id, name) VALUES ($1, $2)', [organizationId, 'before']);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await proxy.stop();
    await database.drop();
  });

  it('is never finished by a later one on the same connection, and leaves nobody its role', async () => {
    const change = dataSource.transaction(async (manager) => {
      await manager.query(`SELECT set_config('role', 'latchkey_tenant', true)`);
      await manager.query('RESET ROLE');
      await manager.query('UPDATE organization SET name = $2 WHERE id = $1', [organizationId, 'half done']);
      proxy.blackhole();
      await manager.query('SELECT 1');
    });
    await expect(change).rejects.toThrow('timeout');
    // Longer than the change and its ROLLBACK wait: both have been given up when the server goes on.
    await delay(3 * timeoutMs);
    await proxy.restore();
    const users = await dataSource.query<{ current_user: string }[]>('SELECT current_user');
    expect(users[0]!.current_user).not.toBe('latchkey_tenant');
    await withinOrganization(dataSource, organizationId, (manager) => manager.query('SELECT 1'));
    const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM organization WHERE id = $1', [
      organizationId,
    ]);
    expect(rows[0]!.name).toBe('before');
  });
});
