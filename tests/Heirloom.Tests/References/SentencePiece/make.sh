#!/bin/sh
# make.sh CORPUS: trains the models and encodes with them. Needs Debian's sentencepiece and python3-sentencepiece.
set -e
printf 'FB01\t66 69\nBD\t31 2F 32\n3000\t20\nA0\t20\nE9\t65 301\n2460\t31\n' > rules.tsv
spm_train --input="$1" --model_prefix=unigram --model_type=unigram --vocab_size=400 --character_coverage=0.999 --normalization_rule_tsv=rules.tsv --user_defined_symbols='<sep>,[x]' --hard_vocab_limit=false
spm_train --input="$1" --model_prefix=bpe --model_type=bpe --vocab_size=700 --byte_fallback --split_digits --allow_whitespace_only_pieces --normalization_rule_name=identity \
    --remove_extra_whitespaces=false --max_sentencepiece_length=16
/usr/bin/python3 - <<'P'
import json
import sentencepiece
old = json.load(open("expected.json"))
new = {"texts": old["texts"], "models": {}}
for name in old["models"]:
    model = sentencepiece.SentencePieceProcessor(model_file=name + ".model")
    new["models"][name] = [{"ids": model.encode(t), "decoded": model.decode(model.encode(t))} for t in old["texts"]]
json.dump(new, open("expected.json", "w"), ensure_ascii=False, separators=(",", ":"))
P
