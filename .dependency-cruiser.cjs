/** The import rules of the project, as data. CI runs them: `npm run lint`. */
const services = ['coordinator', 'worker', 'dashboard', 'cli'];
const tensorflow = '^node_modules/@tensorflow/';
const nats = '^node_modules/nats/';
const prisma = ['^node_modules/@prisma/', '^node_modules/pg/', '^services/shared/db/'];
const trainingFolders = '^services/worker/(trainer|backends|weighting|models|operations|workloads|optimizers)/';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...services.map((service) => ({
      name: `${service}-imports-no-other-service`,
      severity: 'error',
      from: { path: `^services/${service}/` },
      to: { path: services.filter((other) => other !== service).map((other) => `^services/${other}/`) },
    })),
    {
      name: 'shared-imports-no-service',
      severity: 'error',
      from: { path: '^services/shared/' },
      to: { path: services.map((service) => `^services/${service}/`) },
    },
    {
      name: 'pure-cores-do-no-io',
      comment: 'Planning, comparing, weighting and contracts are pure: no I/O, no clock, no environment.',
      severity: 'error',
      from: {
        path: ['^services/shared/(compare|catalog|messages|plan|sweep-spec)/', '^services/worker/weighting/'],
      },
      to: { dependencyTypes: ['core'], path: '^(?!crypto$|node:crypto$)' },
    },
    {
      name: 'only-stores-touch-the-database',
      severity: 'error',
      from: {
        path: '^services/',
        pathNot: [
          '^services/coordinator/(store/|main\\.ts)',
          '^services/dashboard/(queries/|main\\.ts)',
          '^services/cli/doctor/check-database\\.ts',
          '^services/shared/db/',
        ],
      },
      to: { path: prisma, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-edges-touch-nats',
      severity: 'error',
      from: {
        path: '^services/',
        pathNot: ['^services/worker/agent/', '^services/coordinator/(loops|api)/', '^services/shared/nats/'],
      },
      to: { path: nats },
    },
    {
      name: 'only-training-imports-tensorflow',
      severity: 'error',
      from: { path: '^services/', pathNot: trainingFolders },
      to: { path: tensorflow },
    },
    {
      name: 'training-imports-neither-nats-nor-database',
      severity: 'error',
      from: { path: trainingFolders },
      to: { path: [nats, ...prisma, '^services/shared/nats/'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'services/shared/db/generated'] },
    exclude: { path: 'services/shared/db/generated' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
