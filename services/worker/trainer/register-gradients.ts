/**
 * Importing this makes TensorFlow.js able to differentiate. Under Node the package tfjs-core resolves to a bundle
 * without the gradients of its own operations; the bundle of tfjs-layers is the one that registers them all.
 */
import '@tensorflow/tfjs-layers';
