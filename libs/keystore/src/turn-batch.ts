import { AppError } from '#libs/errors';

/**
 * Joins what is asked for in one turn of the event loop into one piece of work: a fetch that brings small slices of many
 * partitions, or requests that arrive together, cost the round trips of one.
 */
export class TurnBatch<Question, Answer> {
  private waiting: Part<Question, Answer>[] = [];
  private underWay = 0;
  private impatience: NodeJS.Timeout | undefined;

  constructor(
    /** Gives one answer to each question, in order. */
    private readonly work: (questions: readonly Question[]) => Promise<Answer[]>,
    /** Parts are not joined beyond this; a larger one travels alone. */
    private readonly questionsMax: number,
    /**
     * More than 0: questions wait a second turn, and while two pieces are under way for the end of one, but not for longer
     * than this. The busier we are, the more of them join.
     */
    private readonly patienceMs = 0,
  ) {}

  /** The answer to one question. */
  async askOne(question: Question): Promise<Answer> {
    const [answer] = await this.ask([question]);
    return answer as Answer;
  }

  /** The answers to these questions, in order; the work on them begins after this call. */
  ask(questions: readonly Question[]): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      if (countOf(this.waiting) + questions.length > this.questionsMax) this.send();
      this.waiting.push({ questions, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.endTurn());
    });
  }

  private endTurn(): void {
    if (this.patienceMs === 0) this.send();
    else setImmediate(() => this.endSecondTurn());
  }

  private endSecondTurn(): void {
    if (this.underWay < underWayMax) this.send();
    else this.impatience ??= setTimeout(() => this.send(), this.patienceMs);
  }

  private send(): void {
    clearTimeout(this.impatience);
    this.impatience = undefined;
    const parts = this.waiting;
    this.waiting = [];
    if (parts.length === 0) return;
    this.underWay += 1;
    void this.answer(parts).finally(() => {
      this.underWay -= 1;
      if (this.impatience) this.send();
    });
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

/** One piece is worked on while the answers to the other are written. */
const underWayMax = 2;

interface Part<Question, Answer> {
  questions: readonly Question[];
  resolve: (answers: Answer[] | Promise<Answer[]>) => void;
  reject: (error: unknown) => void;
}

function countOf(parts: readonly { questions: readonly unknown[] }[]): number {
  return parts.reduce((sum, { questions }) => sum + questions.length, 0);
}
