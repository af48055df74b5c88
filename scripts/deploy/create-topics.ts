import { topics } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { ensureTopics } from '#libs/messaging';

const partitions = Number(process.env['LATCHKEY_TOPIC_PARTITIONS'] ?? 12);
const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',').filter(Boolean);

/** Creates the topics that do not exist yet: run once before the apps, and again after an upgrade. */
try {
  if (brokers.length === 0)
    throw new AppError('invalid', 'invalid_configuration', { message: 'KAFKA_BROKERS is required.' });
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new AppError('invalid', 'invalid_configuration', {
      message: 'LATCHKEY_TOPIC_PARTITIONS must be a positive number.',
    });
  }
  await ensureTopics(Object.values(topics), {
    brokers,
    partitions,
    topicPrefix: process.env['LATCHKEY_TOPIC_PREFIX'] ?? '',
  });
  console.log(`${Object.values(topics).length} topics are there`);
} catch (error) {
  console.error(AppError.from(error).message);
  process.exitCode = 1;
}
