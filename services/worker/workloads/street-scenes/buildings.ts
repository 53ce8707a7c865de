import { cellNoise, smoothNoise, type RandomStream } from '../random.js';
import { plotEdge, streetEnd, type Plot, type Side } from './street.js';
import { colourOf, difference, setColour, type Colour, type ColourSlot, type Surface, type Vector } from './surface.js';
import type { Things } from './things.js';

/** Colours of plaster, brick, stone and concrete. Some are those of asphalt, sky and clothes: colour alone must not do. */
const wallColours = [
  colourOf(205, 190, 160),
  colourOf(180, 95, 75),
  colourOf(140, 135, 130),
  colourOf(225, 222, 215),
  colourOf(120, 80, 65),
  colourOf(190, 170, 120),
  colourOf(160, 175, 185),
  colourOf(105, 108, 112),
  colourOf(200, 150, 130),
  colourOf(150, 165, 130),
] as const;
const roofColours = [
  colourOf(150, 75, 60),
  colourOf(90, 80, 80),
  colourOf(110, 105, 105),
  colourOf(120, 60, 45),
] as const;
const signColours = [
  colourOf(190, 40, 40),
  colourOf(40, 80, 150),
  colourOf(40, 110, 70),
  colourOf(220, 190, 60),
] as const;

const lampLight: Colour = [1.1, 0.85, 0.5];

type Paint = Surface['paint'];

interface Style {
  readonly wall: Colour;
  readonly glass: Colour;
  readonly trim: Colour;
  /** Metres between windows, across and up. */
  readonly bay: number;
  readonly floor: number;
  /** Shares of a bay and a floor that a window takes. */
  readonly windowWidth: number;
  readonly windowHeight: number;
  readonly shop: Colour | undefined;
  readonly bricks: number;
  readonly litShare: number;
  readonly shift: number;
}

function drawStyle(random: RandomStream): Style {
  const wall = random.pick(wallColours);
  const tint = random.between(0.7, 1.2);
  const glassTone = random.between(0.03, 0.2);
  return {
    wall: [wall[0] * tint, wall[1] * tint, wall[2] * tint * random.between(0.9, 1.1)],
    glass: [glassTone, glassTone * 1.1, glassTone * 1.25],
    trim: random.chance(0.5) ? colourOf(225, 225, 220) : colourOf(80, 75, 70),
    bay: random.between(1.6, 3.4),
    floor: random.between(2.8, 3.6),
    windowWidth: random.between(0.3, 0.8),
    windowHeight: random.between(0.4, 0.72),
    shop: random.chance(0.35) ? random.pick(signColours) : undefined,
    bricks: random.between(0.05, 0.35),
    litShare: random.chance(0.2) ? random.between(0.05, 0.4) : 0,
    shift: random.between(0, 100),
  };
}

/** Paints a wall of so many metres with rows of windows, and shops at its foot where the style has them. */
function wallPaint(style: Style, width: number, height: number): Paint {
  const bays = Math.max(1, Math.round(width / style.bay));
  const floors = Math.max(1, Math.round(height / style.floor));
  const sideways = (1 - style.windowWidth) / 2;
  return (u, v, grain, slot) => {
    const x = u * bays;
    const y = v * floors;
    const column = Math.floor(x);
    const row = Math.floor(y);
    const inBay = x - column;
    const inFloor = y - row;
    const metresUp = v * height;
    const dirt = smoothNoise(style.shift + u * width * 0.5, v * height * 0.5);
    const rough = cellNoise(style.shift + u * width * 4, v * height * 9);
    const tone =
      0.8 + 0.25 * dirt + style.bricks * (rough - 0.5) * (grain < 0.4 ? 1 : 0.3) - 0.15 * Math.max(0, 1 - metresUp);
    if (style.shop !== undefined && row === 0) {
      if (inFloor > 0.78 && inFloor < 0.94) {
        setColour(slot, style.shop, tone);
        return;
      }
      if (inFloor > 0.12 && inFloor < 0.75 && inBay > 0.08 && inBay < 0.92) {
        const goods = cellNoise(style.shift + x * 3, y * 4 + 20);
        setColour(slot, style.glass, 0.7 + 2 * goods * goods);
        return;
      }
      setColour(slot, style.wall, tone * 0.8);
      return;
    }
    const fromLeft = inBay - sideways;
    const fromBottom = inFloor - 0.22;
    if (fromLeft < 0 || fromLeft > style.windowWidth || fromBottom < 0 || fromBottom > style.windowHeight) {
      const ledge = inFloor < 0.05 ? 0.85 : 1;
      setColour(slot, style.wall, tone * ledge);
      return;
    }
    const frame = 0.06;
    if (fromLeft < frame || fromLeft > style.windowWidth - frame || fromBottom < 0.04) {
      setColour(slot, style.trim, 0.9);
      return;
    }
    paintPane(style, column, row, fromBottom, slot);
  };
}

function paintPane(style: Style, column: number, row: number, fromBottom: number, slot: ColourSlot): void {
  const pane = cellNoise(style.shift + column * 7, row * 13);
  if (pane < style.litShare) {
    setColour(slot, lampLight, 1);
  } else if (pane > 0.75 && fromBottom > style.windowHeight * 0.5) {
    // A blind, half down.
    setColour(slot, style.trim, 0.7);
  } else {
    setColour(slot, style.glass, 0.5 + 1.5 * pane + (fromBottom > style.windowHeight * 0.6 ? 0.8 : 0));
  }
}

function roofPaint(colour: Colour, width: number, shift: number): Paint {
  return (u, v, _grain, slot) =>
    setColour(
      slot,
      colour,
      0.75 + 0.3 * smoothNoise(shift + u * width, v * 9) + (cellNoise(u * 90, v * 14) - 0.5) * 0.2,
    );
}

function addBuilding(things: Things, random: RandomStream, side: Side, plot: Plot): void {
  const { sign } = side;
  const front = sign * (plotEdge(things.street, side) + plot.setback);
  const near = things.at(front, plot.start);
  const far = things.at(front, plot.end);
  const length = plot.end - plot.start;
  const depth = random.between(8, 14);
  const style = drawStyle(random);
  const facesSun = sign * things.light.sun[0] < 0;
  const middle = (plot.start + plot.end) / 2;
  const common = { class: 'building', instance: 0 } as const;
  const upward: Vector = [0, plot.height, 0];
  things.add({
    ...common,
    origin: near,
    across: difference(far, near),
    upward,
    shadowTop: facesSun ? things.shadowHeight(front, middle) / plot.height : 1,
    paint: wallPaint(style, length, plot.height),
  });
  const gable = random.chance(0.45) ? random.between(2, 4.5) : 0;
  const share = plot.height / (plot.height + gable);
  const sideStyle = { ...style, shop: undefined, windowWidth: style.windowWidth * (random.chance(0.5) ? 0 : 0.7) };
  things.add({
    ...common,
    origin: near,
    across: [sign * depth, 0, 0],
    upward: [0, plot.height + gable, 0],
    shadowTop: things.light.sun[2] < 0 ? 0.3 : 1,
    // With a pitched roof the wall ends in a triangle.
    ...(gable > 0 && { covers: (u: number, v: number) => v < share + (1 - share) * (1 - Math.abs(2 * u - 1)) }),
    paint: wallPaint(sideStyle, depth, plot.height + gable),
  });
  if (gable > 0) {
    things.add({
      ...common,
      origin: [near[0], plot.height, near[2]],
      across: difference(far, near),
      upward: [(sign * depth) / 2, gable, 0],
      shadowTop: 0,
      paint: roofPaint(random.pick(roofColours), length, style.shift),
    });
  }
}

/** A wall behind a gap, so that one doesn't look at the horizon through it. */
function addBackRow(things: Things, random: RandomStream, side: Side, plot: Plot): void {
  const s = side.sign * (plotEdge(things.street, side) + random.between(22, 40));
  const height = random.between(5, 14);
  const near = things.at(s, plot.start - 4);
  const far = things.at(s, plot.end + 30);
  things.add({
    class: 'building',
    instance: 0,
    origin: near,
    across: difference(far, near),
    upward: [0, height, 0],
    shadowTop: side.sign * things.light.sun[0] < 0 ? 0.2 : 1,
    paint: wallPaint({ ...drawStyle(random), shop: undefined }, plot.end - plot.start + 34, height),
  });
}

/** Houses that close the view at the end of the street. */
function addSkyline(things: Things, random: RandomStream): void {
  let x = -190;
  while (x < 190) {
    const width = random.between(14, 40);
    const height = random.between(6, 22);
    things.add({
      class: 'building',
      instance: 0,
      origin: [x, 0, streetEnd + random.between(0, 40)],
      across: [width, 0, 0],
      upward: [0, height, 0],
      shadowTop: things.light.sun[2] < 0 ? 0 : 1,
      paint: wallPaint({ ...drawStyle(random), shop: undefined }, width, height),
    });
    x += width * random.between(0.8, 1.3);
  }
}

export function addBuildings(things: Things, random: RandomStream): void {
  for (const side of things.street.sides) {
    for (const plot of side.plots) {
      if (plot.kind === 'building') addBuilding(things, random, side, plot);
      else addBackRow(things, random, side, plot);
    }
  }
  addSkyline(things, random);
}
