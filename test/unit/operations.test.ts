import '../../services/worker/trainer/register-gradients.js';
import { describe, it } from 'vitest';
import { openBackend } from '../../services/worker/backends/choose.js';
import { expectRightGradient, gradientCases } from '../helpers/gradient-cases.js';

describe.each(['cpu', 'wasm'] as const)('operations on %s', (backend) => {
  it.each(gradientCases)('$name has the result and the gradient of its definition', async (gradientCase) => {
    await openBackend(backend);
    await expectRightGradient(gradientCase);
  });
});
