        // why: a class of the harness's name is a duplicate
        // status: compile_error
        // reference: failed
        return a + b;
    }
}
class HarnessStart {
    public static void main(String[] args) {}
}
