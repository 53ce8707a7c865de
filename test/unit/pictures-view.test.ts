import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { ListedPicture } from '../../services/dashboard/queries/pictures.js';
import { pictureAt, Pictures } from '../../services/dashboard/views/pictures.js';

const key = (epoch: number, kind: ListedPicture['kind'], sample = 0): ListedPicture => {
  return { trialId: 'trial-1', attempt: 1, epoch, sample, task: 'depth', kind, numbers: null };
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
  const notesOf = async (workload: string, task: string, numbers: ListedPicture['numbers'] = null): Promise<string> => {
    const pictures = Pictures({
      trialId: 'trial-1',
      source: { workload },
      tasks: [task],
      pictures: [{ ...key(1, 'prediction'), task, numbers }],
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

  it('are not there for classes that are shown by name, with bars of their likelihoods', async () => {
    const shown = await notesOf('shapes', 'shape', [
      { name: '<ring>', position: 2, value: 0.93 },
      { name: 'cross', position: 0, value: 0.07 },
    ]);
    expect(shown).not.toContain('upright bands');
    expect(shown).not.toContain('<img');
    expect(shown).toContain('&lt;ring&gt;');
    expect(shown).toContain('93 %');
    expect(shown).toContain('<rect width="93.0" height="6"');
  });
});
