import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { PictureKey } from '../../services/dashboard/queries/pictures.js';
import { pictureAt, Pictures } from '../../services/dashboard/views/pictures.js';

const key = (epoch: number, kind: PictureKey['kind'], sample = 0): PictureKey => {
  return { trialId: 'trial-1', attempt: 1, epoch, sample, task: 'depth', kind };
};

describe('the picture of an epoch', () => {
  const pictures = [key(1, 'truth'), key(1, 'prediction'), key(4, 'prediction'), key(9, 'truth'), key(9, 'prediction')];

  it('is its own prediction, beside a truth of any epoch', () => {
    expect(pictureAt(pictures, 4, key(4, 'prediction'))?.epoch).toBe(4);
    expect(pictureAt(pictures, 4, key(4, 'truth'))?.epoch).toBe(9);
    expect(pictureAt(pictures, 1, key(1, 'truth'))?.epoch).toBe(1);
  });

  it('is missing where that epoch has no prediction, or the sample no truth', () => {
    expect(pictureAt(pictures, 5, key(5, 'prediction'))).toBeUndefined();
    expect(pictureAt(pictures, 4, key(4, 'truth', 3))).toBeUndefined();
  });
});

describe('the notes below pictures', () => {
  const notesOf = async (workload: string, task: string): Promise<string> => {
    const pictures = Pictures({
      trialId: 'trial-1',
      source: { workload },
      tasks: [task],
      pictures: [{ ...key(1, 'prediction'), task }],
      epoch: undefined,
      attempt: undefined,
      over: true,
    });
    return (await new Hono().get('/', (context) => context.html(pictures)).request('/')).text();
  };

  it('tell how a class of a whole picture is drawn, where there is one', async () => {
    expect(await notesOf('shapes', 'shape')).toContain('upright bands');
    expect(await notesOf('street-scenes', 'semantic')).not.toContain('upright bands');
  });
});
