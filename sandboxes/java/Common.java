import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.*;
import java.util.function.*;
import java.util.regex.*;
import java.util.stream.*;

/** Uses what programs commonly use, so that archives.sh learns which classes to keep ready. */
class Main {
    interface Shape {
        double area();
    }

    record Square(double side) implements Shape {
        public double area() {
            return side * side;
        }
    }

    enum Colour {
        RED, GREEN
    }

    public static void main(String[] arguments) throws Exception {
        List<Integer> numbers = new ArrayList<>(Arrays.asList(3, 1, 2, 3));
        Map<String, Integer> counts = new TreeMap<>(Map.of("a", 1, "b", 2));
        Map<Character, Integer> letters = new LinkedHashMap<>();
        for (char letter : "some words".toCharArray()) {
            letters.merge(letter, 1, Integer::sum);
            letters.put(letter, letters.getOrDefault(letter, 0) + 1);
        }
        Collections.sort(numbers);
        numbers.sort(Comparator.comparing((Integer number) -> number % 2).thenComparing(Comparator.reverseOrder()));
        numbers.removeIf(number -> number > 2);
        Integer[] boxed = {2, 1};
        Arrays.sort(boxed, (a, b) -> b - a);
        int[] plain = {2, 1};
        Arrays.sort(plain);
        Deque<Integer> deque = new ArrayDeque<>(new HashSet<>(numbers));
        deque.addAll(new LinkedList<>(new PriorityQueue<>(numbers)));
        Stack<Integer> stack = new Stack<>();
        stack.push(deque.pop());
        Function<Integer, Integer> twice = number -> number * 2;
        BiFunction<Integer, Integer, Integer> add = Integer::sum;
        Supplier<List<Integer>> supplier = ArrayList::new;
        Optional<Integer> least = numbers.stream().filter(number -> number > 0).map(twice).min(Integer::compare);
        String text = Stream.of("b", "a").sorted().collect(Collectors.joining(","))
                + Arrays.stream("1 2".split(" ")).map(Integer::parseInt).collect(Collectors.toList())
                + IntStream.range(0, 3).boxed().mapToInt(Integer::intValue).sum() + Arrays.stream(plain).max().getAsInt()
                + numbers.stream().collect(Collectors.groupingBy(number -> number, Collectors.counting()))
                + "abc".chars().mapToObj(letter -> String.valueOf((char) letter)).reduce("", String::concat)
                + String.format("%d %s %.2f %05d", 1, "x", 1.5, 42) + String.join("-", List.of("a", "b"))
                + new StringBuilder("abc").reverse().insert(0, 1.5) + add.apply(1, 2) + supplier.get() + least.orElse(0)
                + Pattern.compile("(\\d+)").matcher("a1b22").replaceAll("$1") + "a,b".replace(",", ";").toUpperCase()
                + BigInteger.TWO.pow(70).mod(BigInteger.TEN) + Math.round(Math.sqrt(2)) + Set.of(1) + counts + letters
                + new Random(1).nextInt(5) + Objects.hash(1, 2) + new Square(2).area() + Colour.valueOf("RED") + stack
                + Arrays.toString(plain) + Arrays.asList(boxed).equals(List.of(2, 1)) + "x".repeat(2).strip().isBlank();
        byte[] digest = MessageDigest.getInstance("MD5").digest(text.getBytes("UTF-8"));
        switch (Colour.GREEN) {
            case GREEN -> System.out.println(digest.length);
            default -> System.err.println(numbers);
        }
        try {
            numbers.get(99);
        } catch (IndexOutOfBoundsException error) {
            throw new AssertionError(error.getMessage());
        }
    }
}
