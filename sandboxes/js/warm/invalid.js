// An answer that is no program.
const half = (number) => {
  return number /;
}
