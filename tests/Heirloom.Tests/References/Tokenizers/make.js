// Reads { texts, models, cases } and adds to every case what the npm package "tokenizers" 0.23 says of every text:
//   NODE_PATH=…/node_modules node make.js in.json out.json
const { readFileSync, writeFileSync } = require('fs');
const { Tokenizer } = require('tokenizers');

(async () => {
  const all = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  for (const one of all.cases) {
    const tokenizer = Tokenizer.fromString(JSON.stringify({ ...one.definition, model: all.models[one.model] }));
    one.lines = [];
    for (const text of all.texts) {
      try {
        const plain = await tokenizer.encode(text, null, { addSpecialTokens: false });
        const special = await tokenizer.encode(text, null, { addSpecialTokens: true });
        const pair = await tokenizer.encode(text, 'the', { addSpecialTokens: true });
        one.lines.push({
          ids: plain.getIds(),
          special: special.getIds(),
          offsets: special.getOffsets().flat(),
          pair: pair.getIds(),
          types: pair.getTypeIds(),
          decoded: await tokenizer.decode(plain.getIds(), true),
        });
      } catch (e) {
        one.lines.push(null); // refused
      }
    }
  }
  writeFileSync(process.argv[3], JSON.stringify(all));
})();
