import { AppError } from '#libs/errors';

/**
 * Joins what is asked for in one turn of the event loop into one piece of work: a fetch that brings small slices of many
 * partitions, or requests that arrive together, cost the round trips of one.
 */
export class TurnBatch<Question, Answer> {
  private waiting: Part<Question, Answer>[] = [];

  constructor(
    /** Gives one answer to each question, in order. */
    private readonly work: (questions: readonly Question[]) => Promise<Answer[]>,
    /** Parts are not joined beyond this; a larger one travels alone. */
    private readonly questionsMax: number,
  ) {}

  /** The answer to one question. */
  async askOne(question: Question): Promise<Answer> {
    const [answer] = await this.ask([question]);
    return answer as Answer;
  }

  /** The answers to these questions, in order; the work on them begins after this call, by the end of this turn. */
  ask(questions: readonly Question[]): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      if (countOf(this.waiting) + questions.length > this.questionsMax) this.send();
      this.waiting.push({ questions, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.send());
    });
  }

  private send(): void {
    const parts = this.waiting;
    this.waiting = [];
    if (parts.length > 0) void this.answer(parts);
  }

  private async answer(parts: readonly Part<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.work(parts.flatMap(({ questions }) => questions));
      let at = 0;
      for (const { questions, resolve } of parts) resolve(answers.slice(at, (at += questions.length)));
    } catch (error) {
      const isOurOwn = parts.length === 1 || AppError.from(error).kind === 'unavailable';
      // Nobody shall fail for what a neighbour asked.
      for (const { questions, resolve, reject } of parts) {
        if (isOurOwn) reject(error);
        else resolve(this.work(questions));
      }
    }
  }
}

interface Part<Question, Answer> {
  questions: readonly Question[];
  resolve: (answers: Answer[] | Promise<Answer[]>) => void;
  reject: (error: unknown) => void;
}

function countOf(parts: readonly { questions: readonly unknown[] }[]): number {
  return parts.reduce((sum, { questions }) => sum + questions.length, 0);
}
