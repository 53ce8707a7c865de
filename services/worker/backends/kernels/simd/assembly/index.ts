export { convolve } from './convolve';
export { filterGradient } from './filter-gradient';
export { fitRows, packFilter, packTurnedFilter, padImages } from './pack';
