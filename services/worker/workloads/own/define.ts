import { z } from 'zod';
import type { EncoderConfig } from '../../../shared/catalog/encoders.js';
import type { ModelConfig } from '../../../shared/catalog/models.js';
import type { Split } from '../workload.js';
import type { MetricDeclaration, TargetOf, TaskDeclaration } from './tasks.js';

export type Tasks = Readonly<Record<string, TaskDeclaration>>;

/** One sample: what goes into the network, and what is to come out. */
export interface Sample<Declared extends Tasks> {
  /**
   * The features; or height × width × channels, row by row, channels last.
   */
  readonly input: ArrayLike<number>;
  readonly targets: { readonly [Name in keyof Declared]: TargetOf<Declared[Name]> };
}

/** Samples of a split: all of them, or how each is made when it is needed. */
export type Samples<Declared extends Tasks> =
  | readonly Sample<Declared>[]
  | {
      readonly length: number;
      /**
       * Called once for each sample; what it gives is kept in the worker's cache.
       * @throws BrokenSample for one that cannot be used: it is left out
       */
      sample(index: number): Sample<Declared> | Promise<Sample<Declared>>;
    };

/** What a sample's `input` is. */
export type InputForm =
  | {
      /** So many numbers, best standardised; `model.encoder` is to be `dense`. */
      readonly features: number;
    }
  | {
      readonly height: number;
      readonly width: number;
      /** 1 for grey, 3 for colour, any other number for anything else. */
      readonly channels: number;
      /** `bytes`: whole numbers 0 … 255, which reach the network as 0 … 1. `floats`: numbers as they are. */
      readonly numbers: 'bytes' | 'floats';
    };

export interface Data<Declared extends Tasks> {
  readonly input: InputForm;
  readonly splits: { readonly [Name in Split]: Samples<Declared> };
}

/** A folder of the worker's data root. No path leads out of it. */
export interface DataFiles {
  /** Paths of all files under a folder of it, however deep, in the order of their names. */
  list(folder?: string): Promise<string[]>;
  /** @throws BrokenFile, which leaves the sample out, when it is missing, empty or not under the data root */
  read(file: string): Promise<Buffer>;
}

/** What the worker gives a workload. */
export interface Machine {
  /**
   * Opens a folder of the worker's data root (SIGMASWEEP_DATA). When a file in it changes, the samples are made anew.
   * @throws SigmasweepError when it is not there
   */
  folder(name: string): Promise<DataFiles>;
}

/** Of a workload without options of its own. */
export const noOptions = z.strictObject({});

/** The network of a sweep whose spec names none; options that are left out are those of docs/spec.md. */
export type UsualModel = {
  readonly [Name in ModelConfig['name']]: { readonly name: Name } & Partial<
    Omit<Extract<ModelConfig, { name: Name }>, 'name' | 'encoder'>
  > & { readonly encoder?: UsualEncoder };
}[ModelConfig['name']];
type UsualEncoder = {
  readonly [Name in EncoderConfig['name']]: { readonly name: Name } & Partial<
    Omit<Extract<EncoderConfig, { name: Name }>, 'name'>
  >;
}[EncoderConfig['name']];

export interface Definition<Declared extends Tasks, Options extends z.ZodObject> {
  /** What specs call it: small letters, digits and `-`. */
  readonly name: string;
  readonly description?: string;
  readonly tasks: Declared;
  /** Options of a spec, under `data.options`. What JSON Schema cannot say (dates, functions) is not possible. */
  readonly options?: Options;
  /** The network of a sweep whose spec names none. */
  readonly model?: UsualModel;
  /** Metrics beside those of each task's kind. They come first: tables and Δm use the first of a task. */
  readonly metrics?: {
    readonly [Name in keyof Declared]?: Readonly<Record<string, MetricDeclaration<Declared[Name]>>>;
  };
  /** Finds or makes the data. Called by each process that trains, when it needs the data. */
  data(options: z.output<Options>, machine: Machine): Data<Declared> | Promise<Data<Declared>>;
}

const mark = Symbol.for('sigmasweep.workload');

/** A workload as a worker takes it; what it is made of is the worker's business. */
export interface OwnWorkload {
  readonly [mark]: Definition<Tasks, z.ZodObject>;
}

/**
 * Defines a workload: the default export of a file or package that a worker's SIGMASWEEP_WORKLOADS names.
 * docs/own-workload.md has complete examples.
 */
export function defineWorkload<const Declared extends Tasks, Options extends z.ZodObject = typeof noOptions>(
  definition: Definition<Declared, Options>,
): OwnWorkload {
  // What is known of its own tasks and options here is not where any workload may be.
  return { [mark]: definition };
}

/** The definition in a value that another module exports; undefined where it is none. */
export function definitionIn(value: unknown): Definition<Tasks, z.ZodObject> | undefined {
  return typeof value === 'object' && value !== null && mark in value
    ? (value[mark] as Definition<Tasks, z.ZodObject>)
    : undefined;
}
