        // why: a class of the tests' name
        // status: compile_error
        // reference: failed
        return a - b;
    }
}
class Main {
    public static void main(String[] args) {}
}
class Tests {
