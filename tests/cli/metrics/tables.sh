cat >t.csv <<'END'
name,tok/s,usd,4bit
a,10,100,1
b,20,,0
"c, d",5,25,1
e,,10,1
f,0,50,
END
try() { echo "\$ edgesweep $*"; edgesweep "$@"; echo "status $?"; } 2>&1
try pareto t.csv --metric 'inv = 1 / per' --metric 'per [tok/s/USD] = "tok/s" / usd' --max per --metric "isc = name = 'c, d' or usd == ''"
try pareto t.csv --min per --metric 'per = tok/s / usd' --where 'per > 0.1 and 4bit or name = "4bit"' --min usd
try best t.csv --pick name --by 4bit --metric 'per = tok/s / usd' --max per -o -
sed 's/,/;/g; s/"c; d"/c/; s/5;25/5,5;25/' t.csv | edgesweep pareto --metric 'per = tok/s / usd' --max per
try pareto t.csv --metric 'per = toks / usd' --max per
try pareto t.csv --metric 'a = 1 + b' --metric 'b = a' --metric 'c = d' --metric 'd = 2' --max d
try pareto t.csv --metric 'usd = 3' --max usd
try pareto t.csv --metric 'x y = 3' --max usd
try pareto t.csv --metric 'x = min(3' --metric 'y = name + 1' --max usd
edgesweep report t.csv --metric 'per = tok/s / usd' -o t.html -q && grep -o '"name":"per"' t.html
