"""One thread's training step of bench/reference-network.ts in TensorFlow (tf.function, Keras's Adam). Prints one line of JSON."""
import json
import sys
import time

import tensorflow as tf

size, seconds = json.loads(sys.argv[1]), float(sys.argv[2])
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def conv(source, target):
    return tf.Variable(tf.random.normal([3, 3, source, target], stddev=(2 / (9 * source)) ** 0.5))


channels = [3, *size["encoder"]]
encoder = [conv(channels[i], channels[i + 1]) for i in range(len(channels) - 1)]
heads = [(conv(channels[-1], size["head"]), conv(size["head"], n)) for n in size["outputs"]]
variables = [*encoder, *(part for head in heads for part in head)]
optimizer = tf.keras.optimizers.Adam(1e-3, epsilon=1e-7)
optimizer.build(variables)
images = tf.random.normal([size["batch"], size["height"], size["width"], 3])
shape = [size["batch"], size["height"] // 2, size["width"] // 2]
targets = [tf.random.normal([*shape, n]) for n in size["outputs"]]


@tf.function
def step():
    with tf.GradientTape() as tape:
        x = images
        for index, kernel in enumerate(encoder):
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 2 if index < 3 else 1, "SAME"))
        losses = []
        for (first, last), target in zip(heads, targets):
            hidden = tf.nn.relu(tf.nn.conv2d(x, first, 1, "SAME"))
            large = tf.image.resize(hidden, shape[1:], method="nearest")
            losses.append(tf.reduce_mean(tf.math.squared_difference(tf.nn.conv2d(large, last, 1, "SAME"), target)))
        loss = tf.add_n(losses)
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


def least(limit, body):
    body()
    best, end = float("inf"), time.perf_counter() + limit
    while time.perf_counter() < end:
        begin = time.perf_counter()
        body()
        best = min(best, time.perf_counter() - begin)
    return best


a, b = tf.random.normal([1024, 1024]), tf.random.normal([1024, 1024])
ms = 1000 * least(seconds, lambda: step().numpy())
print(json.dumps({"ms": ms, "peak": 2 * 1024**3 / least(1, lambda: tf.matmul(a, b).numpy()) / 1e9}))
