export { convolve } from './convolve';
export { crossEntropy } from './cross-entropy';
export { adam, reluGradient, sumRows, swapMiddle } from './elementwise';
export { filterGradient } from './filter-gradient';
export { fitRows, packFilter, packTurnedFilter, padImages } from './pack';
export { winogradConvolve, winogradFilterGradient } from './winograd';
export { winogradFilter, winogradFilterSum } from './winograd-tiles';
