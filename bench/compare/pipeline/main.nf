process data {
  input:
    path code
  output:
    path 'numbers.json'
  script:
    "python3 $code prepare numbers.json"
}
process model {
  input:
    path code
    path numbers
    val rate
  output:
    path 'model.json'
  script:
    "python3 $code train $numbers model.json $rate $projectDir/checkpoints/$rate"
}
process score {
  publishDir "$projectDir", mode: 'copy'
  input:
    path code
    path fitted
  output:
    path 'score.json'
  script:
    "python3 $code score $fitted score.json"
}
workflow {
  code = file("$projectDir/code/work.py")
  data(code)
  model(code, data.out, params.rate)
  score(code, model.out)
}
