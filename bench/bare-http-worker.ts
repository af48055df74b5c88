// The floor of the HTTP API: a bare Fastify route that reads one row by its primary key, with a prepared statement.
import { fastify } from 'fastify';
import pg from 'pg';

const { DATABASE_URL: connectionString = '', BENCH_HTTP_PORT: port = '' } = process.env;

const pool = new pg.Pool({ connectionString, max: 10 });
const app = fastify();
app.get<{ Params: { id: string } }>('/organizations/:id', async ({ params }) => {
  const query = { name: 'by-id', text: 'SELECT id, name FROM organization WHERE id = $1', values: [params.id] };
  const { rows } = await pool.query<{ id: string; name: string }>(query);
  return { organization: rows[0] };
});

await app.listen({ port: Number(port), host: '127.0.0.1' });
console.log('serving');
process.once('SIGTERM', () => void app.close().then(() => pool.end()));
