/**
 * Whether the tests run that take long and look at more cases of what others look at already: `SIGMASWEEP_TEST_ALL=1`.
 * Without them everything fits into CI's time; before a release, and after changes near them, all of them are run.
 */
export const everything = process.env['SIGMASWEEP_TEST_ALL'] === '1';
