import { defineConfig } from 'prisma/config';

// Only `prisma migrate` and `prisma studio` need an address; `prisma generate` and the services do not read this file.
const url = process.env['DATABASE_URL'];

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url === undefined ? {} : { datasource: { url } }),
});
