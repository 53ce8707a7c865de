/** Two classifications of a picture: the hour and the quarter that a drawn clock shows. */
import { defineWorkload, RandomStream, z } from 'sigmasweep/workload';

const hours = ['12', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'] as const;
const quarters = ['o’clock', 'quarter past', 'half past', 'quarter to'] as const;

export default defineWorkload({
  name: 'clocks',
  description: 'Drawn clocks: which hour, which quarter.',
  tasks: {
    hour: { kind: 'classification', label: 'Hour', classes: hours },
    quarter: { kind: 'classification', label: 'Quarter', classes: quarters },
  },
  options: z.strictObject({
    train: z.int().min(1).max(100_000).default(1200).describe('Number of training pictures.'),
    size: z.int().min(16).max(256).multipleOf(8).default(32).describe('Height and width in pixels.'),
  }),
  data({ train, size }) {
    // Which pictures a split has follows from `first`, so that no picture is in two of them.
    const split = (first: number, length: number) => ({
      length,
      sample(index: number) {
        const random = new RandomStream(1, first + index);
        const hour = random.whole(0, 11);
        const quarter = random.whole(0, 3);
        return {
          input: drawClock(size, (hour + quarter / 4) / 12, quarter / 4, random),
          targets: { hour: hours[hour], quarter: quarters[quarter] },
        };
      },
    });
    return {
      input: { height: size, width: size, channels: 1, numbers: 'bytes' },
      splits: { train: split(0, train), validation: split(1_000_000, 200), test: split(2_000_000, 400) },
    };
  },
});

/** A light face with two dark hands; `short` and `long` are shares of a turn. */
function drawClock(size: number, short: number, long: number, random: RandomStream): Uint8Array {
  const picture = new Uint8Array(size * size);
  const middle = [size / 2 + random.between(-2, 2), size / 2 + random.between(-2, 2)] as const;
  const radius = size * random.between(0.36, 0.46);
  for (let pixel = 0; pixel < picture.length; pixel += 1) {
    const x = (pixel % size) + 0.5 - middle[0];
    const y = Math.floor(pixel / size) + 0.5 - middle[1];
    const face = Math.hypot(x, y) < radius ? 210 : 90;
    const hand = onHand(x, y, short, 0.5 * radius, 1.6) || onHand(x, y, long, 0.9 * radius, 0.9);
    picture[pixel] = (hand ? 20 : face) + random.whole(0, 25);
  }
  return picture;
}

function onHand(x: number, y: number, turn: number, length: number, thickness: number): boolean {
  const [right, down] = [Math.sin(2 * Math.PI * turn), -Math.cos(2 * Math.PI * turn)];
  const along = x * right + y * down;
  return along > 0 && along < length && Math.abs(x * down - y * right) < thickness;
}
