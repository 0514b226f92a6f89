import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;

/**
 * Compiles one program after another in memory, for fast.py; no code of a program ever runs here.
 *
 * <p>A request on stdin is a length (four bytes, the highest first) and that much source in UTF-8. The answer on stdout
 * has a length too; it is empty where the source does not compile or needs more than is offered here, else holds the
 * class files: for each its name's length (two bytes), its name, its length (four bytes), its contents.
 *
 * <p>Programs share what is read of the platform's own classes, and nothing else: each has a compiler, a table of names
 * and an output of its own. Whatever is out of the ordinary ends this process, and the next program meets a new one.
 */
final class CompileServer {
    /**
     * No annotation processor runs. The compiler says nothing of what it may warn of; it offers one module only, for
     * the sake of speed: a source that needs another does not compile here.
     */
    private static final List<String> OPTIONS =
            List.of("-proc:none", "-Xlint:none", "--limit-modules", "java.base", "-XDuseUnsharedTable=true");

    /** Less than a fresh javac has, in interpreted frames, which are larger: what it cannot compile fails here, too. */
    private static final int STACK_BYTES = 320 << 10;

    private static final int MAX_CLASSES = 200;
    private static final int MAX_BYTES = 4 << 20;
    private static final Pattern NAME = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$]{0,99}");

    private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    private final Platform platform;

    private CompileServer() throws IOException {
        StandardJavaFileManager files = compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8);
        files.setLocation(StandardLocation.CLASS_PATH, List.of());
        platform = new Platform(files);
    }

    /** Serves until stdin ends. */
    public static void main(String[] arguments) {
        Thread server = new Thread(null, () -> {
            try {
                new CompileServer().serve();
            } catch (Throwable error) {
                error.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        }, "compiler", STACK_BYTES);
        System.setOut(System.err);
        server.start();
    }

    private void serve() throws IOException {
        DataInputStream requests = new DataInputStream(new FileInputStream(FileDescriptor.in));
        OutputStream answers = new FileOutputStream(FileDescriptor.out);
        while (true) {
            int size = requests.read();
            if (size < 0) {
                return;
            }
            size = size << 24 | requests.readUnsignedByte() << 16 | requests.readUnsignedShort();
            byte[] source = requests.readNBytes(size);
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            write(compiled(new String(source, StandardCharsets.UTF_8)), new DataOutputStream(answer));
            ByteArrayOutputStream framed = new ByteArrayOutputStream(answer.size() + 4);
            new DataOutputStream(framed).writeInt(answer.size());
            answer.writeTo(framed);
            framed.writeTo(answers);
        }
    }

    private static void write(Map<String, ByteArrayOutputStream> classes, DataOutputStream answer) throws IOException {
        for (Map.Entry<String, ByteArrayOutputStream> entry : classes.entrySet()) {
            answer.writeUTF(entry.getKey());
            answer.writeInt(entry.getValue().size());
            entry.getValue().writeTo(answer);
        }
    }

    /** The class files, or none. */
    private Map<String, ByteArrayOutputStream> compiled(String source) {
        Output output = new Output(platform);
        boolean isRight = compiler.getTask(Writer.nullWriter(), output, diagnostic -> {}, OPTIONS, null,
                List.of(new Source(source))).call();
        return isRight && output.isOrdinary() ? output.classes : Map.of();
    }

    /** A program's source, as if it lay in Main.java. */
    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(URI.create("file:///Main.java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /** One of the platform's own class files, read once. */
    private static final class PlatformClass extends ForwardingJavaFileObject<JavaFileObject> {
        final String name;
        private byte[] contents;

        PlatformClass(JavaFileObject file, String name) {
            super(file);
            this.name = name;
        }

        @Override
        public InputStream openInputStream() throws IOException {
            if (contents == null) {
                try (InputStream input = super.openInputStream()) {
                    contents = input.readAllBytes();
                }
            }
            return new ByteArrayInputStream(contents);
        }
    }

    /** The platform's own classes, whose lists are made once. */
    private static final class Platform extends ForwardingJavaFileManager<StandardJavaFileManager> {
        private final Map<String, List<JavaFileObject>> lists = new HashMap<>();

        Platform(StandardJavaFileManager files) {
            super(files);
        }

        @Override
        public Iterable<JavaFileObject> list(
                Location location, String name, Set<JavaFileObject.Kind> kinds, boolean isRecursive) throws IOException {
            String key = location.getName() + " " + name + " " + kinds + " " + isRecursive;
            List<JavaFileObject> found = lists.get(key);
            if (found == null) {
                found = new ArrayList<>();
                for (JavaFileObject file : super.list(location, name, kinds, isRecursive)) {
                    found.add(new PlatformClass(file, super.inferBinaryName(location, file)));
                }
                if (!found.isEmpty()) { // the names of packages that are not there are without number
                    lists.put(key, List.copyOf(found));
                }
            }
            return found;
        }

        @Override
        public String inferBinaryName(Location location, JavaFileObject file) {
            return file instanceof PlatformClass found ? found.name : super.inferBinaryName(location, file);
        }

        @Override
        public boolean isSameFile(FileObject one, FileObject other) {
            return one == other;
        }

        @Override
        public void close() {}
    }

    /** What one program is compiled to. */
    private static final class Output extends ForwardingJavaFileManager<JavaFileManager> {
        final Map<String, ByteArrayOutputStream> classes = new TreeMap<>();
        private boolean isStrange;

        Output(JavaFileManager platform) {
            super(platform);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            isStrange |= kind != JavaFileObject.Kind.CLASS || !NAME.matcher(name).matches()
                    || classes.put(name, bytes) != null || classes.size() > MAX_CLASSES;
            return new SimpleJavaFileObject(URI.create("file:///class"), kind) {
                @Override
                public OutputStream openOutputStream() {
                    return bytes;
                }
            };
        }

        @Override
        public FileObject getFileForOutput(Location location, String folder, String name, FileObject sibling)
                throws IOException {
            throw new IOException("only classes are written");
        }

        /**
         * Whether these are the classes of an ordinary program. One with a class of a name that java.lang has, too, is
         * not, nor is one with the harness's: HarnessStart, compiled together with it the plain way, would notice.
         */
        boolean isOrdinary() {
            int bytes = 0;
            for (Map.Entry<String, ByteArrayOutputStream> entry : classes.entrySet()) {
                bytes += entry.getValue().size();
                if (entry.getKey().startsWith("HarnessStart") || isOfPlatform(entry.getKey())) {
                    return false;
                }
            }
            return !isStrange && classes.containsKey("Main") && bytes <= MAX_BYTES;
        }

        private static boolean isOfPlatform(String name) {
            try {
                Class.forName("java.lang." + name, false, null);
                return true;
            } catch (ClassNotFoundException error) {
                return false;
            }
        }
    }
}
