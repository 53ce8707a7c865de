/**
 * Reproducible draws: sfc32 (Doty-Humphrey, PractRand), seeded by two numbers. Pure of anything but its own state.
 */
export class Draws {
  private a: number;
  private b: number;
  private c = 0x9e3779b9;
  private counter = 1;

  constructor(seed: number, stream: number) {
    this.a = seed | 0;
    this.b = stream | 0;
    // Seeds that differ in one bit are apart after these, as its author advises.
    for (let round = 0; round < 15; round += 1) this.bits();
  }

  /** 32 random bits, 0 … 2³² − 1. */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in (0, 1), ends excluded. */
  uniform(): number {
    return (this.bits() + 0.5) / 2 ** 32;
  }

  /** Standard normal (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A whole number, 0 … count − 1. */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }
}
