import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  nameArrayLiteral,
  numberArrayLiteral,
  textArrayLiteral,
} from '../../services/coordinator/store/array-literal.js';
import { startPostgres, type TestServer } from '../helpers/servers.js';

describe('array literals', () => {
  let server: TestServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    client = new pg.Client({ connectionString: server.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  it('are read by PostgreSQL as the texts they were made from', async () => {
    const texts = ['', ' ', 'NULL', 'null', 'a,b', '{}', '"', '\\', '\\"', 'a\nb\tc', 'é😀', '{"a":"\\n"}', "'"];
    const { rows } = await client.query('SELECT $1::text::text[] AS values', [textArrayLiteral(texts)]);
    expect(rows).toEqual([{ values: texts }]);
    const repeated = [...texts, ...texts, '"'];
    const named = await client.query('SELECT $1::text::text[] AS values', [nameArrayLiteral(repeated)]);
    expect(named.rows).toEqual([{ values: repeated }]);
    const none = await client.query('SELECT $1::text::text[] AS values', [textArrayLiteral([])]);
    expect(none.rows).toEqual([{ values: [] }]);
  });

  it('are read by PostgreSQL as the same doubles', async () => {
    const numbers = [0, 0.1, 1 / 3, -1e-7, 1e21, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53 - 1];
    const { rows } = await client.query('SELECT $1::text::float8[] AS values', [numberArrayLiteral(numbers)]);
    expect(rows).toEqual([{ values: numbers }]);
  });
});
