package judge;

/** A verdict and what the snippet printed. */
record Judgement(Verdict verdict, String stdout, String stderr) {}
