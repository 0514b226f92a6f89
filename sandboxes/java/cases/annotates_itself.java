        // why: an annotation processor of the program's own does not run
        // status: wrong_answer
        // reference: failed
        return a - b;
    }
}
@javax.annotation.processing.SupportedAnnotationTypes("*")
class Processor extends javax.annotation.processing.AbstractProcessor {
    @Override
    public boolean process(Set<? extends javax.lang.model.element.TypeElement> all, javax.annotation.processing.RoundEnvironment round) {
        Runtime.getRuntime().halt(0);
        return false;
    }
}
