// Prints MB/s of encoding a text line by line: tokenize.js tokenizer.json text.txt
const { readFileSync } = require('fs');
const { Tokenizer } = require('tokenizers');

(async () => {
  const tokenizer = Tokenizer.fromFile(process.argv[2]);
  const lines = readFileSync(process.argv[3], 'utf8').split('\n').filter(l => l.length > 0);
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
  const start = process.hrtime.bigint();
  for (const line of lines) {
    await tokenizer.encode(line, null, { addSpecialTokens: false });
  }
  console.log(bytes / 1e6 / (Number(process.hrtime.bigint() - start) / 1e9));
})();
