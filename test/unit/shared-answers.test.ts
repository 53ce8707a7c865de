import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SharedAnswer, SharedAnswers } from '../../services/dashboard/live/shared-answers.js';

function counted() {
  let made = 0;
  return {
    count: () => made,
    make: () => Promise.resolve(new SharedAnswer(`answer ${String((made += 1))}`, 'text/html')),
  };
}

describe('answers that many pages share', () => {
  it('are made once for all who ask, until the next change', async () => {
    const answers = new SharedAnswers(() => 0);
    const { count, make } = counted();
    const many = await Promise.all(Array.from({ length: 50 }, () => answers.read('part', 1, make)));
    expect(new Set(many.map((one) => one?.text))).toEqual(new Set(['answer 1']));
    expect((await answers.read('other', 1, make))?.text).toBe('answer 2');
    expect((await answers.read('part', 2, make))?.text).toBe('answer 3');
    expect(count()).toBe(3);
  });

  it('are not older than a second, however little is heard of changes', async () => {
    let now = 0;
    const answers = new SharedAnswers(() => now);
    const { make } = counted();
    await answers.read('part', 1, make);
    now = 999;
    expect((await answers.read('part', 1, make))?.text).toBe('answer 1');
    now = 1000;
    expect((await answers.read('part', 1, make))?.text).toBe('answer 2');
  });

  it('are not kept where there was none, or a fault', async () => {
    const answers = new SharedAnswers(() => 0);
    const { make } = counted();
    expect(await answers.read('part', 1, () => Promise.resolve(undefined))).toBeUndefined();
    await expect(answers.read('part', 1, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect((await answers.read('part', 1, make))?.text).toBe('answer 1');
  });

  it('are compressed once, and named by what they hold', async () => {
    const answer = new SharedAnswer('<p>text</p>', 'text/html');
    expect(gunzipSync(await answer.small()).toString()).toBe('<p>text</p>');
    expect(answer.small()).toBe(answer.small());
    expect(answer.etag).toBe(new SharedAnswer('<p>text</p>', 'text/plain').etag);
    expect(answer.etag).not.toBe(new SharedAnswer('<p>text!</p>', 'text/html').etag);
  });
});
