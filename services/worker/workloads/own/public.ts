/** What `sigmasweep/workload` offers to whoever writes a workload. */
export { z } from 'zod';
export { BrokenFile } from '../files/broken-file.js';
export { readCsv, type CsvRow } from '../files/csv.js';
export { holdOut } from '../files/hold-out.js';
export { readNpy } from '../files/npy.js';
export { readPicture } from '../files/picture-file.js';
export { resizeNearest, resizePicture } from '../files/resize.js';
export { RandomStream } from '../random.js';
export { BrokenSample } from './broken-sample.js';
export { defineWorkload, type OwnWorkload, type Sample, type Samples } from './define.js';
export { mean } from './mean.js';
