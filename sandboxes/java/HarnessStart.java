import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
// A program may have classes of these names; an import by name is what hides them here.
import java.lang.Class;
import java.lang.IllegalStateException;
import java.lang.Object;
import java.lang.ReflectiveOperationException;
import java.lang.String;
import java.lang.Throwable;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;

/**
 * Runs {@code Main.main} and, once it has returned, proves it to the harness.
 *
 * <p>Descriptor 3 carries one line, a secret, before the program starts; when {@code Main.main} has returned, the line
 * {@code <secret> 0 0} goes back. System.exit, Runtime.halt and exceptions send nothing. The secret lives only in
 * this class's local variables, where reflection does not reach. Compiled together with the program, so that a
 * program with a class of this name does not compile.
 */
final class HarnessStart {
    private static final int MARKER = 3;
    private static boolean started;

    private HarnessStart() {}

    /** Takes the secret, runs the program, returns the secret. What the program throws is thrown on. */
    public static void main(String[] arguments) throws Throwable {
        synchronized (HarnessStart.class) {
            if (started) {
                throw new IllegalStateException("only the harness starts a program");
            }
            started = true;
        }
        FileDescriptor marker = descriptor();
        String secret = line(marker);
        Method main = Class.forName("Main").getMethod("main", String[].class);
        main.setAccessible(true);
        try {
            main.invoke(null, (Object) arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
        if (!secret.isEmpty()) {
            new FileOutputStream(marker).write((secret + " 0 0\n").getBytes(StandardCharsets.US_ASCII));
        }
    }

    /**
     * Java opens no descriptor by number, and a socket cannot be opened by its name under /proc. The class that can set
     * the number is named at run time, for the compiler would warn of it in every program's output.
     */
    private static FileDescriptor descriptor() throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Unsafe");
        Field instance = type.getDeclaredField("theUnsafe");
        instance.setAccessible(true);
        Object memory = instance.get(null);
        Object offset = type.getMethod("objectFieldOffset", Field.class)
                .invoke(memory, FileDescriptor.class.getDeclaredField("fd"));
        FileDescriptor descriptor = new FileDescriptor();
        type.getMethod("putInt", Object.class, long.class, int.class).invoke(memory, descriptor, offset, MARKER);
        return descriptor;
    }

    /** The secret, or "" where the descriptor is closed. */
    private static String line(FileDescriptor marker) {
        byte[] bytes = new byte[128];
        int length = 0;
        try {
            FileInputStream input = new FileInputStream(marker);
            while (length < bytes.length && input.read(bytes, length, 1) == 1) {
                if (bytes[length] == '\n') {
                    return new String(bytes, 0, length, StandardCharsets.US_ASCII);
                }
                length++;
            }
            return "";
        } catch (IOException error) {
            return "";
        }
    }
}
